import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import type { Store } from '#shared/store/store.ts';

/** The embedded store on a file of its own, which can be lost. */
export interface SimStore {
  readonly store: Store;
  /** When it was lost, in milliseconds. */
  readonly losses: readonly number[];
  /** How often the record of a cluster was replaced. */
  replacements(cluster: string): number;
  /** Deletes the file under those who use it. */
  lose(now: number): void;
  close(): Promise<void>;
}

export function createSimStore(): SimStore {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-faults-'));
  const path = join(folder, 'store.sqlite');
  const store = openSqliteStore({ path });
  const losses: number[] = [];
  const replacements = new Map<string, number>();
  return {
    store: {
      ...store,
      async writeCluster(record, condition) {
        const written = await store.writeCluster(record, condition);
        const { cluster } = record;
        if (written) replacements.set(cluster, (replacements.get(cluster) ?? 0) + 1);
        return written;
      },
    },
    losses,
    replacements: (cluster) => replacements.get(cluster) ?? 0,
    lose(now) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      losses.push(now);
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
