import * as z from 'zod';
import type { Workspace } from './workspace.ts';

/** The part of a plan, as `terraform test -json -verbose` prints it, that is read. */
const Plan = z.object({
  resource_changes: z.array(
    z.object({
      address: z.string(),
      type: z.string(),
      name: z.string(),
      change: z.object({ after: z.record(z.string(), z.unknown()).nullable() }),
    }),
  ),
});
const Line = z.object({ type: z.string(), test_plan: Plan.optional() });

export type Plan = z.infer<typeof Plan>;

/** Runs the tests of a folder, and gives the plan of their first run. Throws with Terraform's words when they fail. */
export async function planOf(workspace: Workspace, folder: string): Promise<Plan> {
  const { code, stdout, stderr } = await workspace.terraform(folder, 'test', '-json', '-verbose');
  if (code !== 0) throw new Error(`terraform test failed in ${folder}: ${stderr}${stdout}`);
  for (const text of stdout.split('\n').filter(Boolean)) {
    const { test_plan: plan } = Line.parse(JSON.parse(text));
    if (plan !== undefined) return plan;
  }
  throw new Error(`terraform test showed no plan in ${folder}`);
}

const SECRET = /\.google_secret_manager_secret_version\.file\["(?:config|root-([a-z0-9-]+))"\]$/;

/** What is mounted below /etc/countersign, by path, as the plan puts it into Secret Manager. */
export function mountedFiles({ resource_changes: changes }: Plan): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { address, change } of changes) {
    const [found, root] = SECRET.exec(address) ?? [];
    if (found === undefined) continue;
    const path = root === undefined ? 'config/countersign.yaml' : `roots/${root}/trusted_root.json`;
    files.set(path, z.string().parse(change.after?.['secret_data']));
  }
  return files;
}
