import { gzipSync } from 'node:zlib';
import { FIRESTORE_LIMITS } from '#shared/net/firestore.ts';
import type { RetryLimits } from '#shared/net/retry.ts';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import { revisionOf } from '#shared/store/firestore-records.ts';
import type { Store } from '#shared/store/store.ts';
import { ANSWERED_MS } from '#test/patience.ts';

export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly authorization: string | null;
  readonly redirect: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers one request, or fails as fetch does; `hang` answers when the caller has given up. */
export type Step = ((sent: Sent) => Response) | 'broken' | 'hang';

export const PREFIX = 'projects/p/databases/countersign/documents';

/** As many attempts as in production, sooner after one another, and patient. */
const LIMITS: RetryLimits = {
  ...FIRESTORE_LIMITS,
  backoffMs: 1,
  attemptMs: ANSWERED_MS,
  wholeMs: ANSWERED_MS,
};

/** A store whose Firestore answers as scripted, its last step again and again. */
export function scriptedFirestore(
  steps: readonly Step[],
  options: {
    readonly limits?: Partial<RetryLimits>;
    readonly emulatorHost?: string;
    readonly googleToken?: () => Promise<string>;
    readonly now?: () => Date;
  } = {},
): { store: Store; sent: Sent[]; unreadable: unknown[] } {
  const sent: Sent[] = [];
  const unreadable: unknown[] = [];
  const { emulatorHost, googleToken = (): Promise<string> => Promise.resolve('secret-token') } =
    options;
  const store = openFirestoreStore({
    project: 'p',
    database: 'countersign',
    googleToken,
    ...(emulatorHost === undefined ? {} : { emulatorHost }),
    now: options.now ?? ((): Date => new Date('2026-11-22T05:00:00Z')),
    onUnreadable: (row) => unreadable.push(row),
    limits: { ...LIMITS, ...options.limits },
    fetch: async (input, init) => {
      const asked = new Request(input, init);
      const { url, method, headers, redirect, signal } = asked;
      const body: Sent['body'] = JSON.parse(await asked.text());
      const request = { url, method, authorization: headers.get('authorization'), redirect, body };
      const step = steps[Math.min(sent.length, steps.length - 1)] ?? 'broken';
      sent.push(request);
      if (step === 'broken') throw new TypeError('fetch failed');
      if (step !== 'hang') return step(request);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
  });
  return { store, sent, unreadable };
}

export function refuses(code: number, status: string): Step {
  return () =>
    Response.json({ error: { code, message: `It is ${status}`, status } }, { status: code });
}

/** Answers a batchGet with nothing found. */
export const missing: Step = ({ body }) =>
  Response.json([{ missing: String(body['documents']), readTime: '2026-11-22T05:00:00Z' }]);

export const committed: Step = () => Response.json({ commitTime: '2026-11-22T05:00:00Z' });

/** Answers a batchGet with one document. */
export function found(fields: object, updateTime = '2026-11-22T05:00:00Z'): Step {
  return ({ body }) =>
    Response.json([{ found: { name: String(body['documents']), fields, updateTime } }]);
}

/** Fields of a record whose text compresses to one piece. */
export function recordFields(text: string | Uint8Array): object {
  const bytes = gzipSync(text, { level: 9 });
  return {
    record: { bytesValue: bytes.toString('base64') },
    revision: { stringValue: revisionOf(bytes) },
    parts: { integerValue: '0' },
  };
}
