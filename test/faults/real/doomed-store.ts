import { readFile, rm, writeFile } from 'node:fs/promises';
import type { LocalWorldFiles } from '#infra/local/local-world/files.ts';
import { startFirestoreEmulator } from '#test/e2e/tools/firestore-emulator.ts';

export type StoreKind = 'sqlite' | 'firestore';

/** The throw-away store of a world, thrown away while all functions use it. */
export interface DoomedStore {
  /** What functions need in their environment to find it. */
  readonly env: Readonly<Record<string, string>>;
  /** When it was lost, in milliseconds since the epoch. */
  readonly losses: readonly number[];
  lose(): Promise<void>;
  close(): Promise<void>;
}

const PROJECT = 'local';
const DATABASE = '(default)';
const SQLITE_ENTRY = /^ {2}sqlite: .*$/m;

/** The world's own file, or Google's emulator of Firestore, which functions started from now on use. */
export async function openDoomedStore(
  kind: StoreKind,
  files: LocalWorldFiles,
): Promise<DoomedStore> {
  const losses: number[] = [];
  if (kind === 'sqlite') {
    return {
      env: {},
      losses,
      async lose() {
        losses.push(Date.now());
        await Promise.all(
          ['', '-wal', '-shm'].map((suffix) => rm(`${files.store}${suffix}`, { force: true })),
        );
      },
      close: () => Promise.resolve(),
    };
  }
  const emulator = await startFirestoreEmulator();
  const config = await readFile(files.config, 'utf8');
  const entry = `  firestore: { project: ${PROJECT}, database: "${DATABASE}" }`;
  await writeFile(files.config, config.replace(SQLITE_ENTRY, entry));
  const documents = `projects/${PROJECT}/databases/${DATABASE}/documents`;
  return {
    env: { FIRESTORE_EMULATOR_HOST: emulator.host },
    losses,
    async lose() {
      losses.push(Date.now());
      const answer = await fetch(`http://${emulator.host}/emulator/v1/${documents}`, {
        method: 'DELETE',
      });
      if (!answer.ok) throw new Error(`The emulator keeps its documents: ${answer.status}`);
    },
    close: () => emulator.close(),
  };
}
