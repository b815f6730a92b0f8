import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EXAMPLES, openWorkspace } from '#test/terraform/workspace.ts';
import { OWNER, type RunningGoogle, startGoogle } from './start.ts';

/** An example of the module, Terraform itself, and an emulated Google Cloud to apply it to. */
export interface Installation {
  readonly google: RunningGoogle;
  /** Where the example is, with its state. */
  readonly folder: string;
  /** Runs Terraform in the example: its exit code, and what it says in one line. */
  readonly terraform: (...args: readonly string[]) => Promise<{ code: number; text: string }>;
  readonly apply: () => Promise<{ code: number; text: string }>;
  /** 0: nothing to do, 2: something. */
  readonly plan: () => Promise<number>;
  /** Changes the call of the module, as one edits main.tf. Throws where `from` is not there. */
  readonly edit: (from: string, to: string) => Promise<void>;
  close(): Promise<void>;
}

/** Opens one of the examples, in a project of its own or in that of another installation. @example await openInstallation('single-project', ['-var=project_id=acme-prod']) */
export async function openInstallation(
  example: (typeof EXAMPLES)[number],
  variables: readonly string[] = [],
  beside?: Installation,
): Promise<Installation> {
  const google = beside?.google ?? (await startGoogle());
  const workspace = await openWorkspace('stand-in', {
    COUNTERSIGN_EMULATED_GOOGLE: google.url,
    COUNTERSIGN_EMULATED_TOKEN: google.token(OWNER),
  });
  const folder = workspace.example(example);
  const ofPlans = ['-input=false', ...variables];

  async function terraform(...args: readonly string[]): Promise<{ code: number; text: string }> {
    const { code, stdout, stderr } = await workspace.terraform(folder, ...args);
    return { code, text: `${stdout}${stderr}`.replaceAll(/\s+/g, ' ') };
  }
  return {
    google,
    folder,
    terraform,
    apply: () => terraform('apply', '-auto-approve', '-no-color', ...ofPlans),
    plan: async () => (await terraform('plan', '-detailed-exitcode', ...ofPlans)).code,
    async edit(from, to) {
      const file = join(folder, 'main.tf');
      const text = await readFile(file, 'utf8');
      if (!text.includes(from)) throw new Error(`main.tf has no "${from}"`);
      await writeFile(file, text.replace(from, to));
    },
    async close() {
      await workspace.close();
      if (beside === undefined) await google.close();
    },
  };
}
