import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';

/** A folder that is gone when the test ends. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-fleet-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

export interface ContextSpec {
  readonly name: string;
  readonly cluster: Readonly<Record<string, unknown>>;
  /** Absent: the context names no user. */
  readonly user?: Readonly<Record<string, unknown>>;
}

/** Writes a kubeconfig; cluster and user of each context have the context's name. */
export async function writeContexts(
  folder: string,
  specs: readonly ContextSpec[],
): Promise<string> {
  const path = join(folder, 'kubeconfig');
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: specs.map(({ name, cluster }) => ({ name, cluster })),
    users: specs.flatMap(({ name, user }) => (user === undefined ? [] : [{ name, user }])),
    contexts: specs.map(({ name, user }) => ({
      name,
      context: { cluster: name, ...(user && { user: name }) },
    })),
    'current-context': specs[0]?.name ?? '',
  });
  await writeFile(path, text);
  return path;
}
