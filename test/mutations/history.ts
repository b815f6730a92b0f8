import type { Mutation } from './mutations.ts';

const CONTRACT = ['test/contract/history'];
const EVENTS = ['test/unit/functions/history'];
const ANSWERS = ['test/service/api/history.test.ts'];

/** What keeps the history whole: every event, once, in its place. */
export const HISTORY_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'history: a message is acknowledged only once its event is recorded',
    file: 'functions/history/handle-event.ts',
    in: 'handleEvent',
    find: 'const isNew = await history.add(entry);',
    replace: 'const isNew = true; void history.add(entry).catch(() => undefined);',
    tests: [...EVENTS, 'test/service/faults.test.ts'],
  },
  {
    guarantee: 'history: what has no id of its own is no event',
    file: 'functions/history/handle-event.ts',
    in: 'Attributes',
    find: "regex(/^[0-9a-f]{64}$/, 'is not the id of an event')",
    replace: "default('')",
    tests: EVENTS,
  },
  {
    guarantee: 'history: an event of Firestore is never written over',
    file: 'shared/history/firestore-history.ts',
    in: 'openFirestoreHistory',
    find: 'fields, when: { exists: false } }',
    replace: 'fields }',
    tests: CONTRACT,
  },
  {
    guarantee: 'history: an event of SQLite is never written over',
    file: 'shared/history/sqlite-history.ts',
    in: 'INSERT',
    find: 'INSERT OR IGNORE',
    replace: 'INSERT OR REPLACE',
    tests: CONTRACT,
  },
  {
    guarantee: 'history: no value is taken for the beginning of another',
    file: 'shared/history/schema.ts',
    in: 'prefixOf',
    find: 'Buffer.from(cleanLine(value))',
    replace: 'Buffer.from(value)',
    tests: CONTRACT,
  },
  {
    guarantee: 'history: a text in the database is believed only where it is an entry',
    file: 'shared/history/schema.ts',
    in: 'readEntry',
    find: 'Stored.safeParse(parseJson(text)).data',
    replace: 'JSON.parse(text) as Entry',
    tests: CONTRACT,
  },
  {
    guarantee: 'history: no event is larger than a page can take',
    file: 'shared/history/schema.ts',
    in: 'writeEntry',
    find: 'Buffer.byteLength(JSON.stringify(data)) <= MAX_DATA_BYTES) return',
    replace: 'data !== undefined) return',
    tests: CONTRACT,
  },
  {
    guarantee: 'history: the day of an event is not forgotten before its time',
    file: 'shared/history/schema.ts',
    in: 'expiryOf',
    find: 'now.getTime() + days * DAY_MS',
    replace: 'now.getTime() + days',
    tests: CONTRACT,
  },
  {
    guarantee: 'history: an answer reads so much and no more',
    file: 'functions/api/history/list-history.ts',
    in: 'listHistory',
    find: 'found.length >= limit || bytes >= MAX_HISTORY_BYTES',
    replace: 'found.length >= limit',
    tests: ANSWERS,
  },
  {
    guarantee: 'history: an answer has only what was asked for',
    file: 'functions/api/history/list-history.ts',
    in: 'listHistory',
    find: 'if (!wanted.has(entry)) continue;',
    replace: '',
    tests: ANSWERS,
  },
  {
    guarantee: 'history: who was refused is no signer',
    file: 'shared/core/verdict.ts',
    in: 'signerOf',
    find: 'reason === undefined && authorities.includes(authority)',
    replace: 'authority !== ""',
    tests: ['test/unit/core/signer.test.ts'],
  },
  {
    guarantee: 'history: what a release says of itself is short, and rules no terminal',
    file: 'shared/registry/read-manifest.ts',
    in: 'notesOf',
    find: 'cleanLine(cutText(withoutUrlSecrets(text), MAX_NOTE))',
    replace: 'text',
    tests: ['test/unit/registry/resolve.test.ts'],
  },
  {
    guarantee: 'law 7: an event is replayed to the status topic only where Countersign reads that',
    file: 'functions/cli/letters/settle-letter.ts',
    in: 'createOrigins',
    find: 'history === undefined ? [] : [status]',
    replace: '[status]',
    tests: ['test/service/dead-letters.test.ts'],
  },
];
