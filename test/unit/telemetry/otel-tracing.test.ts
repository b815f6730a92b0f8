import { AlwaysOffSampler, ParentBasedSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { Trace } from '#shared/core/tracing.ts';
import { recordSpans } from '#test/fakes/telemetry.ts';

const OUTSIDE: Trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };

describe('createOtelTracing()', () => {
  it('nests spans, at once too, and knows the innermost', async () => {
    const { tracing, spans } = recordSpans();
    await tracing.span('outer', {}, async () => {
      await Promise.all(
        ['one', 'two'].map((name) =>
          tracing.span(name, {}, async () => {
            await Promise.resolve();
            await tracing.span(`in ${name}`, {}, async () => undefined);
          }),
        ),
      );
    });
    const found = await spans();
    const parentOf = (name: string) => {
      const { parent } = found.find((span) => span.name === name) ?? {};
      return found.find(({ spanId }) => spanId === parent)?.name;
    };
    expect(['one', 'two', 'in one', 'in two', 'outer'].map(parentOf)).toEqual([
      'outer',
      'outer',
      'one',
      'two',
      undefined,
    ]);
    expect(new Set(found.map(({ traceId }) => traceId)).size).toBe(1);
    expect(tracing.current()).toBeUndefined();
  });

  it('goes on where another process began, and links what else it is part of', async () => {
    const { tracing, spans } = recordSpans();
    const link = { ...OUTSIDE, traceId: 'c'.repeat(32) };
    await tracing.within(OUTSIDE, async () => {
      expect(tracing.current()).toEqual(OUTSIDE);
      await tracing.span('step', { link }, async () => undefined);
    });
    expect(await spans()).toMatchObject([
      { traceId: OUTSIDE.traceId, parent: OUTSIDE.spanId, links: [link.traceId] },
    ]);
  });

  it('keeps attributes, those that are known later too, and leaves out unknown ones', async () => {
    const { tracing, spans } = recordSpans();
    await tracing.span('step', { attributes: { a: 1, b: undefined } }, async (span) => {
      span.set({ c: ['x', 'y'], d: 'z'.repeat(1_000) });
    });
    const [{ attributes } = { attributes: {} }] = await spans();
    expect(attributes).toEqual({ a: 1, c: ['x', 'y'], d: 'z'.repeat(512) });
  });

  it('throws on what the work throws, and records its code alone', async () => {
    const { tracing, spans } = recordSpans();
    const failure = new CountersignError('registry-denied', 'with words of others');
    const failing = tracing.span('step', {}, () => Promise.reject(failure));
    await expect(failing).rejects.toBe(failure);
    const [span] = await spans();
    expect(span).toMatchObject({ status: 2, attributes: { 'error.type': 'registry-denied' } });
    expect(JSON.stringify(span)).not.toContain('words');
  });

  it('goes by the sampler, and hands on the trace of what it does not keep', async () => {
    const kept = recordSpans(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
    const unsampled = { ...OUTSIDE, sampled: false };
    const seen = await kept.tracing.within(unsampled, () =>
      kept.tracing.span('step', {}, async () => kept.tracing.current()),
    );
    expect(seen).toMatchObject({ traceId: OUTSIDE.traceId, sampled: false });
    const off = recordSpans(new AlwaysOffSampler());
    await off.tracing.span('step', {}, async () => undefined);
    expect([await kept.spans(), await off.spans()]).toEqual([[], []]);
  });
});
