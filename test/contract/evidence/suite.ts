import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckQuestion, Finding } from '#shared/core/rollout/checks.ts';
import { createAskCheck } from '#shared/evidence/ask-check.ts';

export interface RunningPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

export interface PrometheusUnderTest {
  readonly name: string;
  /** Where nothing is scraped: what queries give is in them. */
  readonly start: () => Promise<RunningPrometheus>;
}

type Question = Extract<CheckQuestion, { readonly type: 'prometheus' }>;

const BELOW_ONE = { is: 'below', value: 1 } as const;

/** What one query comes to, where its number is to be below 1. */
const QUERIES: readonly (readonly [string, string, Omit<Finding, 'name' | 'problem'>])[] = [
  ['a number that is good', 'vector(0.25)', { outcome: 'met', value: '0.25' }],
  ['a number that is bad', 'vector(1)', { outcome: 'failed', value: '1' }],
  ['a scalar', '1 - 1', { outcome: 'met', value: '0' }],
  ['a negative number', 'vector(-2.5)', { outcome: 'met', value: '-2.5' }],
  ['a small number', 'vector(1e-9)', { outcome: 'met', value: '1e-9' }],
  ['a large number', 'vector(1e21)', { outcome: 'failed', value: '1e+21' }],
  ['no number', 'vector(0) / 0', { outcome: 'unknown' }],
  ['no end', 'vector(1) / 0', { outcome: 'unknown' }],
  ['no end below', 'vector(-1) / 0', { outcome: 'unknown' }],
  ['a metric that is not there', 'no_such_metric', { outcome: 'unknown' }],
  [
    'several series',
    'label_replace(vector(0), "a", "1", "", "") or label_replace(vector(0), "a", "2", "", "")',
    { outcome: 'unknown' },
  ],
  ['a range', 'no_such_metric[5m]', { outcome: 'unknown' }],
  ['a text', '"0.5"', { outcome: 'unknown' }],
  ['half a query', 'sum(', { outcome: 'unknown' }],
];

/** What a server with Prometheus' HTTP API must answer, as checks ask it. */
export function prometheusContract({ name, start }: PrometheusUnderTest): void {
  describe(`prometheus contract: ${name}`, () => {
    let server: RunningPrometheus;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    async function ask(changes: Partial<Question> = {}): Promise<Finding> {
      const question: Question = {
        type: 'prometheus',
        url: server.url,
        query: '1',
        bound: BELOW_ONE,
      };
      const askCheck = createAskCheck({
        fetch,
        readFile: () => Promise.reject(new Error('No file is named')),
        googleToken: () => Promise.reject(new Error('No token leaves')),
      });
      const check = { name: 'c', ask: { ...question, ...changes }, forMs: 0, failAfterMs: 0 };
      return askCheck(check, { digest: `sha256:${'a'.repeat(64)}`, stage: 'canary' });
    }

    it.each(QUERIES)('answers %s', async (_, query, expected) => {
      const { problem, ...found } = await ask({ query });
      expect(found).toEqual({ name: 'c', ...expected });
      expect(typeof problem).toBe(expected.outcome === 'unknown' ? 'string' : 'undefined');
    });

    it('says what is wrong with a query', async () => {
      expect((await ask({ query: 'sum(' })).problem).toMatch(/^It answered 400: .*parse error/);
    });

    it('is found below a path, whatever it ends with', async () => {
      expect((await ask({ url: `${server.url}/` })).outcome).toBe('failed');
    });

    it.each([
      ['above', 0.5, 'met'],
      ['above', 1, 'failed'],
      ['below', 1, 'failed'],
      ['equals', 1, 'met'],
      ['equals', 1.5, 'failed'],
    ] as const)('is compared: 1 %s %d', async (is, value, outcome) => {
      expect((await ask({ bound: { is, value } })).outcome).toBe(outcome);
    });
  });
}
