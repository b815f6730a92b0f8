import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CollectedSpan,
  type Collector,
  drawTrace,
  startCollector,
} from '#infra/local/traces/start-collector.ts';

const TRACE = 'a'.repeat(32);
const DIGEST = `sha256:${'1'.repeat(64)}`;

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector?.close());

async function send(body: unknown): Promise<number> {
  const init = { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  return (await fetch(`${collector.url}/v1/traces`, init)).status;
}

function span(spanId: string, more: Partial<CollectedSpan> = {}): CollectedSpan {
  const base = { traceId: TRACE, service: 'countersign-push', name: spanId, failed: false };
  const { start = 0 } = more;
  return { ...base, spanId, start, end: start + 1, attributes: {}, ...more };
}

describe('startCollector()', () => {
  it('takes an export as OTLP has it, and draws it', async () => {
    expect(await (await fetch(`${collector.url}/traces`)).text()).toBe('No traces yet\n');
    const status = await send({
      resourceSpans: [
        {
          resource: {
            attributes: [{ key: 'service.name', value: { stringValue: 'countersign-push' } }],
          },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: TRACE,
                  spanId: 'b'.repeat(16),
                  parentSpanId: 'c'.repeat(16),
                  name: 'verify',
                  startTimeUnixNano: '1795323600000000000',
                  endTimeUnixNano: '1795323600250000000',
                  attributes: [
                    { key: 'countersign.verdict', value: { stringValue: 'verified' } },
                    { key: 'count', value: { intValue: 3 } },
                    {
                      key: 'countersign.authorities',
                      value: {
                        arrayValue: { values: [{ stringValue: 'x' }, { stringValue: 'y' }] },
                      },
                    },
                  ],
                  status: {},
                },
              ],
            },
          ],
        },
      ],
    });
    expect(status).toBe(200);
    expect(collector.spans()).toEqual([
      {
        traceId: TRACE,
        spanId: 'b'.repeat(16),
        parent: 'c'.repeat(16),
        service: 'countersign-push',
        name: 'verify',
        start: 1795323600000,
        end: 1795323600250,
        failed: false,
        attributes: {
          'countersign.verdict': 'verified',
          count: '3',
          'countersign.authorities': 'x, y',
        },
      },
    ]);
    const drawn = await (await fetch(`${collector.url}/traces?name=verify`)).text();
    expect(drawn).toContain('0    250.0  push: verify  verified  x, y');
    expect(await (await fetch(`${collector.url}/traces/${TRACE}`)).text()).toBe(drawn);
  });

  it('has nothing where there is nothing', async () => {
    expect((await fetch(`${collector.url}/traces/${'f'.repeat(32)}`)).status).toBe(404);
    expect(await (await fetch(`${collector.url}/traces?name=none`)).text()).toBe('No traces yet\n');
  });

  it.each([['no JSON'], [{}], [{ resourceSpans: [{ scopeSpans: 1 }] }]])(
    'refuses %j',
    async (body) => {
      expect(await send(body)).toBe(400);
    },
  );

  it('refuses what is too large', async () => {
    expect(await send(`"${'x'.repeat(16 * 1024 * 1024)}"`)).toBe(413);
  });
});

describe('drawTrace()', () => {
  it('is a tree by parents, in the order of beginnings', () => {
    const text = drawTrace([
      span('patch', { parent: 'task', start: 7, attributes: { 'countersign.cluster': 'c1' } }),
      span('root', { end: 12.34 }),
      span('task', {
        parent: 'root',
        start: 5,
        name: 'receive message',
        service: 'countersign-cluster',
        failed: true,
        attributes: { 'error.type': 'internal' },
      }),
      span('verify', { parent: 'root', start: 2, attributes: { 'countersign.digest': DIGEST } }),
      span('list', { parent: 'task', start: 6, attributes: { 'countersign.cluster': 'c1' } }),
    ]);
    expect(text).toBe(`trace ${TRACE}, 5 steps
   start       ms
       0     12.3  push: root
       2      1.0  ├─ verify  sha256:11111111
       5      1.0  └─ cluster: receive message  internal  FAILED
       6      1.0     ├─ list
       7      1.0     └─ patch
`);
  });

  it('puts what has lost its parent at the left, and draws nothing of nothing', () => {
    expect(drawTrace([span('lost', { parent: 'gone' })])).toContain('1.0  push: lost');
    expect(drawTrace([])).toBe('');
  });
});
