import { describe, expect, it } from 'vitest';
import { parseReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import { createBurstResolver } from '#shared/registry/burst.ts';
import { sha256 } from './scripted-registry.ts';

const V1 = parseReference('r.test/a:v1');
const V2 = parseReference('r.test/a:v2');

/** A resolver under a clock; each answer waits until it is released. */
function setUp() {
  let now = 0;
  const asked: string[] = [];
  const held: (() => void)[] = [];
  let failing = false;
  const burst = createBurstResolver({
    now: () => new Date(now),
    async resolve({ tag }, { fresh }): Promise<Resolution> {
      asked.push(`${tag} ${fresh} at ${now}`);
      const resolvedAt = new Date(now).toISOString();
      await new Promise<void>((resolve) => held.push(resolve));
      if (failing) throw new Error('outage');
      return { resolvedAt, fresh, image: { status: 'resolved', digest: sha256(`${tag}`) } };
    },
  });
  return {
    burst,
    asked,
    at: (time: number): void => {
      now = time;
    },
    release: (): void => {
      for (const resolve of held.splice(0)) resolve();
    },
    fail: (): void => {
      failing = true;
    },
    resolve: (notBefore: number, reference = V1) => burst.resolve(reference, new Date(notBefore)),
  };
}

describe('createBurstResolver()', () => {
  it('shares one request among tasks published before it started', async () => {
    const { asked, at, release, resolve } = setUp();
    at(1_000);
    const waiting = [resolve(1_000), resolve(500), resolve(900)];
    release();
    await Promise.all(waiting);
    at(2_000);
    await resolve(1_000);
    expect(asked).toEqual(['v1 false at 1000']);
  });

  it('answers no task from before it was published, not even from a request under way', async () => {
    const { asked, at, release, resolve } = setUp();
    at(1_000);
    const early = resolve(1_000);
    at(1_002);
    const late = resolve(1_001);
    release();
    expect((await early).resolvedAt).not.toBe((await late).resolvedAt);
    await resolve(1_002);
    expect(asked).toEqual(['v1 false at 1000', 'v1 false at 1002']);
  });

  it('shares nothing between tags, and nothing when the burst is over', async () => {
    const { asked, at, release, resolve } = setUp();
    const first = [resolve(0), resolve(0, V2)];
    at(10_001);
    const next = resolve(0);
    release();
    await Promise.all([...first, next]);
    expect(asked).toEqual(['v1 false at 0', 'v2 false at 0', 'v1 false at 10001']);
  });

  it('asks anew for fresh, and shares that with no caller', async () => {
    const { asked, burst, release, resolve } = setUp();
    const waiting = [burst.fresh(V1), resolve(0), burst.fresh(V1), resolve(0)];
    release();
    expect((await Promise.all(waiting)).map(({ fresh }) => fresh)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(asked).toEqual(['v1 true at 0', 'v1 false at 0', 'v1 true at 0']);
  });

  it('shares a failure with those who waited, and with no later one', async () => {
    const { asked, fail, release, resolve } = setUp();
    fail();
    const waiting = Promise.allSettled([resolve(0), resolve(0)]);
    release();
    const again = waiting.then(() => Promise.allSettled([resolve(0)]));
    await waiting;
    await Promise.resolve();
    release();
    const outcomes = [...(await waiting), ...(await again)];
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(asked).toHaveLength(2);
  });
});
