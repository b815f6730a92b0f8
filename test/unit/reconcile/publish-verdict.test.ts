import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { publishUnchecked, publishVerdict } from '#shared/reconcile/publish-verdict.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { POLICY, UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { run, TASK, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { createReconcileWorld, type ReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const reference = parseReference(IMAGE);
const ABSENT: Verdict & { status: 'unusable' } = {
  status: 'unusable',
  reason: 'tag-absent',
  message: 'absent',
};
const BROKEN: Verdict = { status: 'unusable', reason: 'layer-not-tar', message: 'no tar' };

/** A reading: what the tag is and the verdict on it, `at` seconds after the hour. */
interface Read {
  readonly at: number;
  readonly digest?: Digest;
  readonly verdict: Verdict;
  readonly cause?: string;
}

function at(seconds: number): string {
  return new Date(Date.parse('2026-11-22T06:00:00Z') + seconds * 1_000).toISOString();
}

function judgedAt({ at: seconds, digest, verdict }: Read): Parameters<typeof publishVerdict>[0] {
  const image: Resolution['image'] = digest === undefined ? ABSENT : { status: 'resolved', digest };
  const resolution = { resolvedAt: at(seconds), fresh: false, image };
  const judged = digest === undefined ? verdict : { ...verdict, readAt: at(seconds) };
  return { reference, resolution, verdict: judged, policy: POLICY };
}

async function publishAll(world: ReconcileWorld, reads: readonly Read[]): Promise<void> {
  for (const read of reads) {
    await publishVerdict(judgedAt(read), read.cause ?? `m${read.at}`, world.deps);
    world.pass(1_000);
  }
}

/** The deps of a process that is killed once it has written so many records. */
function dyingAfter(records: number, { deps }: ReconcileWorld): ReconcileWorld['deps'] {
  let writes = 0;
  return {
    ...deps,
    store: {
      ...deps.store,
      writeImage: async (...args: Parameters<typeof deps.store.writeImage>) => {
        writes += 1;
        if (writes > records) throw new Error('killed');
        return deps.store.writeImage(...args);
      },
    },
  };
}

/** Ten seconds after the hour: every reading is of the past. */
function openWorld(): ReconcileWorld {
  const created = createReconcileWorld({ clusters: {} });
  created.pass(10_000);
  return created;
}

describe('a verdict that was read before an approval of the same digest', () => {
  it('is read again, and reports no signature as vanished', async () => {
    const here = verifiedWorld();
    await run(here);
    here.pass(1_000);
    const asked: (boolean | undefined)[] = [];
    const stale: Verdict = { ...UNSIGNED, readAt: '2026-11-22T05:59:59.000Z' };
    const deps = {
      ...here.deps,
      verifier: {
        verify: async (_: unknown, __: unknown, options?: { readonly fresh?: boolean }) => {
          asked.push(options?.fresh);
          return options?.fresh === true ? VERIFIED : stale;
        },
      },
    };
    const task = { ...TASK, reason: 'sweep', id: 's1' } as const;
    await reconcileCluster(task, here.deps.now(), deps);
    expect(asked).toEqual([false, true]);
    expect(here.types()).toEqual(['sync.approved', 'image.verified']);
  });
});

describe('publishVerdict()', () => {
  it.each<[string, readonly Read[], readonly string[]]>([
    [
      'opens and closes an episode each time that a tag breaks',
      [
        { at: 1, digest: A, verdict: VERIFIED },
        { at: 2, verdict: ABSENT },
        { at: 3, verdict: ABSENT },
        { at: 4, digest: A, verdict: VERIFIED },
        { at: 5, digest: A, verdict: VERIFIED },
        { at: 6, verdict: ABSENT },
        { at: 7, digest: A, verdict: VERIFIED },
      ],
      ['image.verified', 'image.unusable', 'image.verified', 'image.unusable', 'image.verified'],
    ],
    [
      'closes what was open of the tag when it moves back to a digest that was reported',
      [
        { at: 1, digest: A, verdict: VERIFIED },
        { at: 2, digest: B, verdict: UNSIGNED },
        { at: 3, digest: A, verdict: VERIFIED },
      ],
      ['image.verified', 'image.unsigned', 'image.verified'],
    ],
    [
      'publishes nothing of a reading that is older than what was published',
      [
        { at: 2, digest: A, verdict: VERIFIED },
        { at: 1, digest: A, verdict: UNSIGNED },
      ],
      ['image.verified'],
    ],
    [
      'publishes nothing of a tag that was read before it moved',
      [
        { at: 1, digest: A, verdict: UNSIGNED },
        { at: 3, digest: B, verdict: VERIFIED },
        { at: 2, verdict: ABSENT },
      ],
      ['image.unsigned', 'image.verified'],
    ],
    [
      'opens a trouble anew that was over because its tag had left it',
      [
        { at: 1, digest: A, verdict: UNSIGNED },
        { at: 2, digest: B, verdict: UNSIGNED },
        { at: 3, digest: A, verdict: UNSIGNED },
        { at: 4, digest: A, verdict: UNSIGNED },
      ],
      ['image.unsigned', 'image.unsigned', 'image.unsigned'],
    ],
    [
      'distinguishes content that is broken from a tag that is absent, each time',
      [
        { at: 1, digest: A, verdict: BROKEN },
        { at: 2, verdict: ABSENT },
        { at: 3, digest: A, verdict: BROKEN },
        { at: 4, verdict: ABSENT },
        { at: 5, verdict: ABSENT },
      ],
      ['image.unusable', 'image.unusable', 'image.unusable', 'image.unusable'],
    ],
    [
      'takes no reading of a tag for a newer one that is of the same second',
      [
        { at: 1, digest: A, verdict: UNSIGNED },
        { at: 2, digest: B, verdict: UNSIGNED },
        { at: 2, digest: A, verdict: UNSIGNED },
      ],
      ['image.unsigned', 'image.unsigned'],
    ],
  ])('%s', async (_, reads, types) => {
    const here = openWorld();
    await publishAll(here, reads);
    expect(here.types()).toEqual(types);
    expect(new Set(here.events.map(eventIdOf)).size).toBe(types.length);
  });

  it('calls a signature vanished only where it was there before the reading', async () => {
    const here = openWorld();
    await publishAll(here, [
      { at: 2, digest: A, verdict: VERIFIED },
      { at: 1, digest: A, verdict: UNSIGNED },
      { at: 3, digest: A, verdict: UNSIGNED },
    ]);
    expect(here.events.map(({ type, severity }) => [type, severity])).toEqual([
      ['image.verified', undefined],
      ['image.unsigned', 'WARNING'],
    ]);
  });

  it('ends what is open of a tag by a verdict that was kept since before another function published it', async () => {
    const here = openWorld();
    const byDigest = parseReference(`${reference.repository}@${A}`);
    await publishAll(here, [{ at: 1, verdict: ABSENT }]);
    const read = judgedAt({ at: 3, digest: A, verdict: VERIFIED });
    await publishVerdict({ ...read, reference: byDigest }, 'm3', here.deps);
    const kept = { ...VERIFIED, readAt: at(2) };
    const look = { ...judgedAt({ at: 4, digest: A, verdict: VERIFIED }), verdict: kept };
    await publishVerdict(look, 'sweep-4', here.deps);
    await publishVerdict(look, 'sweep-5', here.deps);
    expect(here.types()).toEqual(['image.unusable', 'image.verified', 'image.verified']);
    const record = await here.deps.store.readImage({ repository: reference.repository, digest: A });
    expect(record).toMatchObject({ status: 'verified', readAt: at(3) });
  });

  it('remembers the trouble of a digest for the tag that comes to name it', async () => {
    const here = openWorld();
    const byDigest = parseReference(`${IMAGE.slice(0, -3)}@${A}`);
    const read = judgedAt({ at: 1, digest: A, verdict: UNSIGNED });
    await publishVerdict({ ...read, reference: byDigest }, 'm1', here.deps);
    expect(await here.deps.store.troubledTags(10)).toEqual([]);
    await publishAll(here, [{ at: 2, digest: A, verdict: UNSIGNED }]);
    expect(await here.deps.store.troubledTags(10)).toMatchObject([{ status: 'unsigned' }]);
    await publishAll(here, [{ at: 3, digest: B, verdict: VERIFIED }]);
    expect(await here.deps.store.troubledTags(10)).toEqual([]);
    expect(here.types()).toEqual(['image.unsigned', 'image.verified']);
  });

  it('publishes over a record that a wrong clock dated in the future', async () => {
    const here = openWorld();
    await publishAll(here, [
      { at: 86_400, digest: A, verdict: VERIFIED },
      { at: 2, digest: A, verdict: UNSIGNED },
    ]);
    expect(here.types()).toEqual(['image.verified', 'image.unsigned']);
  });

  it('is published once by the tasks of one sweep, which come to it together', async () => {
    const here = openWorld();
    const read = { at: 1, digest: A, verdict: UNSIGNED };
    const deps = {
      ...here.deps,
      publish: async (event: StatusEvent) => {
        // The broker answers once the other tasks have looked.
        await setImmediate();
        await here.deps.publish(event);
      },
    };
    const task = () => publishVerdict(judgedAt(read), 'sweep-1', deps);
    await Promise.all([task(), task(), task()]);
    expect(here.types()).toEqual(['image.unsigned']);
  });

  it('is published once by two functions that race', async () => {
    const here = openWorld();
    // A second function has a lock of its own.
    const other = { ...here.deps, serial: openWorld().deps.serial };
    const read = { at: 1, digest: A, verdict: UNSIGNED };
    await Promise.all([
      publishVerdict(judgedAt(read), 'm1', here.deps),
      publishVerdict(judgedAt(read), 'sweep-1', other),
    ]);
    await publishVerdict(judgedAt(read), 'sweep-2', other);
    expect(here.types()).toEqual(['image.unsigned']);
  });

  it.each([
    ['another message', 'm2'],
    ['the same sweep, for another cluster', 'm1'],
  ])('is busy, to be tried again, while %s publishes something else', async (_, cause) => {
    const here = openWorld();
    const other = { ...here.deps, serial: openWorld().deps.serial };
    let inner: unknown;
    const deps = {
      ...here.deps,
      publish: async (event: StatusEvent) => {
        if (inner === undefined) {
          inner = 'begun';
          const news = judgedAt({ at: 2, digest: A, verdict: VERIFIED });
          inner = await publishVerdict(news, cause, other);
        }
        await here.deps.publish(event);
      },
    };
    await publishVerdict(judgedAt({ at: 1, digest: A, verdict: UNSIGNED }), 'm1', deps);
    expect(inner).toBe('busy');
    await publishVerdict(judgedAt({ at: 2, digest: A, verdict: VERIFIED }), cause, other);
    expect(here.types()).toEqual(['image.unsigned', 'image.verified']);
  });

  it('repeats its id where a process died before it could record', async () => {
    const here = openWorld();
    const read = { at: 1, digest: A, verdict: UNSIGNED };
    const dying = dyingAfter(2, here);
    await expect(publishVerdict(judgedAt(read), 'm1', dying)).rejects.toThrow('killed');
    await publishVerdict(judgedAt(read), 'm1', here.deps);
    expect(here.types()).toEqual(['image.unsigned', 'image.unsigned']);
    expect(new Set(here.events.map(eventIdOf)).size).toBe(1);
  });

  it('publishes nothing again where a process died between its two records', async () => {
    const here = openWorld();
    const read = { at: 1, digest: A, verdict: UNSIGNED };
    const dying = dyingAfter(3, here);
    await expect(publishVerdict(judgedAt(read), 'm1', dying)).rejects.toThrow('killed');
    await publishVerdict(judgedAt(read), 'm2', here.deps);
    expect(here.types()).toEqual(['image.unsigned']);
  });

  it.each([VERIFIED, UNSIGNED])(
    'publishes $status once where a process died that lost the race for it',
    async (verdict) => {
      const here = openWorld();
      await publishAll(here, [{ at: 0, verdict: ABSENT }]);
      const read = { at: 1, digest: A, verdict };
      const winner = { ...here.deps, serial: openWorld().deps.serial };
      const dying = dyingAfter(2, here);
      let reads = 0;
      const store = {
        ...dying.store,
        // The winner is quick: it publishes between the two records that the loser reads.
        readImage: async (key: Parameters<typeof dying.store.readImage>[0]) => {
          reads += 1;
          if (reads === 2) await publishVerdict(judgedAt(read), 'm2', winner);
          return dying.store.readImage(key);
        },
      };
      await Promise.allSettled([publishVerdict(judgedAt(read), 'm1', { ...dying, store })]);
      here.pass(60_000);
      await publishVerdict(judgedAt({ ...read, at: 60 }), 'm3', here.deps);
      expect(here.types()).toEqual(['image.unusable', `image.${verdict.status}`]);
    },
  );

  it('leaves no claim where the store reported one as failed that is in place', async () => {
    const here = openWorld();
    await publishAll(here, [{ at: 1, digest: A, verdict: VERIFIED }]);
    const failure = new CountersignError('registry-unavailable', 'Down');
    let writes = 0;
    const store = {
      ...here.deps.store,
      writeImage: async (...args: Parameters<typeof here.deps.store.writeImage>) => {
        const written = await here.deps.store.writeImage(...args);
        writes += 1;
        if (writes === 1) throw new CountersignError('store-unavailable', 'No answer');
        return written;
      },
    };
    const failing = { ...here.deps, store };
    await expect(publishUnchecked(reference, failure, 'm2', failing)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    here.pass(60_000);
    await publishAll(here, [{ at: 60, digest: A, verdict: VERIFIED }]);
    expect(here.types()).toEqual(['image.verified']);
  });

  it('publishes nothing again where a process died before it had claimed all', async () => {
    const here = openWorld();
    await publishAll(here, [
      { at: 1, digest: A, verdict: VERIFIED },
      { at: 2, verdict: ABSENT },
    ]);
    const read = { at: 3, digest: A, verdict: VERIFIED };
    await expect(publishVerdict(judgedAt(read), 'm3', dyingAfter(1, here))).rejects.toThrow(
      'killed',
    );
    await publishAll(here, [{ at: 4, digest: B, verdict: VERIFIED }]);
    here.pass(60_000);
    await publishAll(here, [{ at: 5, digest: A, verdict: VERIFIED }]);
    expect(here.types()).toEqual(['image.verified', 'image.unusable', 'image.verified']);
  });

  it('ends what could not be checked, as often as that happens', async () => {
    const here = openWorld();
    const failure = new CountersignError('registry-unavailable', 'Down');
    const read = { at: 1, digest: A, verdict: VERIFIED };
    for (let round = 0; round < 2; round += 1) {
      await publishUnchecked(reference, failure, `u${round}`, here.deps);
      await publishUnchecked(reference, failure, `v${round}`, here.deps);
      await publishVerdict(judgedAt(read), `w${round}`, here.deps);
      here.pass(1_000);
    }
    expect(here.types()).toEqual([
      'image.unchecked',
      'image.verified',
      'image.unchecked',
      'image.verified',
    ]);
  });
});
