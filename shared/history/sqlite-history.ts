import { openDurableFile } from '#shared/net/sqlite.ts';
import { type Entry, FACETS, type Facet, type History } from './history.ts';
import { expiryOf, keysOf, rangeOf, readEntry, writeEntry } from './schema.ts';

const SCHEMA = {
  version: 1,
  tables: `
    CREATE TABLE history (
      id TEXT PRIMARY KEY,
      entry TEXT NOT NULL,
      expires INTEGER NOT NULL,
      ${FACETS.map((facet) => `by_${facet} TEXT`).join(', ')}
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX expired ON history (expires);
    ${FACETS.map((facet) => `CREATE INDEX in_${facet} ON history (by_${facet});`).join('\n')}
  `,
};

const INSERT = `
  INSERT OR IGNORE INTO history (id, entry, expires, ${FACETS.map((facet) => `by_${facet}`).join(', ')})
  VALUES (?, ?, ?, ${FACETS.map(() => '?').join(', ')})`;

/** Few at a time: whatever a file has collected, no entry waits long for it. */
const FORGET = `
  DELETE FROM history WHERE id IN (SELECT id FROM history WHERE expires < ? ORDER BY expires LIMIT 20)`;

function selectBy(facet: Facet): string {
  const key = `by_${facet}`;
  return `SELECT entry FROM history WHERE ${key} >= ? AND ${key} < ? ORDER BY ${key} DESC`;
}

export interface SqliteHistoryOptions {
  readonly path: string;
  /** How long an entry is kept. */
  readonly days: number;
  readonly now: () => Date;
}

/**
 * The history in a SQLite file, for the functions of one machine. A damaged file, or one of another version, is left as
 * it is; one that was deleted is begun anew. Throws `store-unavailable`.
 *
 * @example
 * const history = openSqliteHistory({ path: '/var/lib/countersign/records.sqlite.history', days: 400, now });
 * await history.add(entry);
 */
export function openSqliteHistory({ path, days, now }: SqliteHistoryOptions): History {
  // What was acknowledged is not delivered again: it may not be lost with the power.
  const { run, close } = openDurableFile(path, { schema: SCHEMA, name: 'The history' });
  return {
    add: (entry) =>
      run(({ prepare, transaction }) => {
        const keys = keysOf(entry);
        const expires = expiryOf(now(), days).getTime();
        return transaction(() => {
          prepare(FORGET).run(now().getTime());
          const values = FACETS.map((facet) => keys[facet] ?? null);
          return prepare(INSERT).run(entry.id, writeEntry(entry), expires, ...values).changes === 1;
        });
      }),
    list: (query) =>
      run(({ prepare }) => {
        const { from, before } = rangeOf(query);
        const found: Entry[] = [];
        // Unreadable rows are passed over, not counted: a short page means that there is no more.
        for (const row of prepare(selectBy(query.by.facet)).iterate(from, before)) {
          if (found.length >= query.limit) break;
          const entry = readEntry(String(row['entry']));
          if (entry !== undefined) found.push(entry);
        }
        return found;
      }),
    close: async () => close(),
  };
}
