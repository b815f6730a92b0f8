import { describe, expect, it } from 'vitest';
import { defined } from '#shared/core/defined.ts';
import type { Candidate } from '#shared/core/rollout/admits.ts';
import {
  type Following,
  type Recorded,
  admitsAmong,
  recordFor,
  staleKeys,
} from '#shared/core/rollout/among.ts';
import { createFreezing } from '#shared/core/rollout/freezes.ts';
import { ROLLOUT_STATES, type RolloutRecord } from '#shared/core/rollout/record.ts';
import { sayWait } from '#shared/core/rollout/say-wait.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { NOW, record, strategy } from '#test/fixtures/rollout.ts';

const V1 = 'registry.example/app:v1';
const V2 = 'registry.example/app:v2';
const NEWEST = strategy({ newClusters: 'newest' });
const FROZEN = createFreezing([frozen({ clusters: 'env = prod' })]).with(strategy(), {
  repository: 'any',
});
const EVERYWHERE = { status: 'completed' } as const;

function of(image: string, changes: Partial<RolloutRecord>): Recorded {
  return { image, known: true, record: record({ image, ...changes }) };
}

const QUEUED = of(V2, {
  digest: 'C',
  next: { digest: 'D', resolvedAt: NOW.toISOString(), id: 'r2', by: 'push' },
});

function ask(
  entries: readonly Recorded[],
  following: Partial<Following> = {},
  candidate: Partial<Candidate> = {},
  by = FROZEN,
): string {
  const followed = { image: V1, key: 'D', ...following };
  const asking = { cluster: 'c5', labels: { ring: 'rest' }, held: false, ...candidate };
  const { image, ...named } = followed;
  const given = image === '' ? named : followed;
  const admission = admitsAmong(entries, given, by, asking, NOW);
  return admission.allowed ? admission.digest : `- ${admission.why}`;
}

describe('admitsAmong()', () => {
  it.each<[string, readonly Recorded[], Parameters<typeof ask>[1], Partial<Candidate>, string]>([
    ['no record', [], {}, {}, '- record'],
    ['a lost record', [{ image: V1, known: true }], {}, { approved: 'D' }, '- record'],
    ['its own alone', [of(V1, EVERYWHERE)], {}, {}, 'D'],
    ['its own, not the tag', [of(V1, EVERYWHERE)], { key: 'E' }, {}, 'D'],
    ['that of another tag', [of(V2, EVERYWHERE)], {}, {}, '- record'],
    ['another in an early stage', [of(V1, EVERYWHERE), of(V2, {})], {}, {}, '- stage'],
    ['another that is before', [of(V2, {}), of(V1, EVERYWHERE)], {}, {}, '- stage'],
    ['another that is lost', [of(V1, EVERYWHERE), { image: V2, known: true }], {}, {}, 'D'],
    ['what it has', [of(V1, EVERYWHERE), of(V2, {})], {}, { approved: 'D' }, 'D'],
    [
      'what another has rejected, though it has it',
      [of(V1, EVERYWHERE), of(V2, { digest: 'C', rejected: ['D'] })],
      {},
      { approved: 'D' },
      '- rejected',
    ],
    ['a digest that is under none', [of(V1, { digest: 'E' })], { image: '' }, {}, 'D'],
    ['a digest that is under none, and held', [], { image: '' }, { held: true }, '- held'],
    ['a digest, frozen', [], { image: '' }, { labels: { env: 'prod' } }, '- freeze'],
    ['its own, frozen', [of(V1, EVERYWHERE)], {}, { labels: { env: 'prod' } }, '- freeze'],
    [
      'a digest that it has, frozen',
      [],
      { image: '' },
      { labels: { env: 'prod' }, approved: 'D' },
      'D',
    ],
    ['a digest that it has', [of(V1, {})], { image: '' }, { approved: 'D', held: true }, 'D'],
    ['a digest in an early stage', [of(V1, {})], { image: '' }, {}, '- stage'],
    ['a digest, beside what is lost', [{ image: V1, known: true }], { image: '' }, {}, '- record'],
    [
      'a digest beside an image that never had one',
      [{ image: V1, known: false }],
      { image: '' },
      {},
      'D',
    ],
    ['a digest that is none', [], { image: '', key: undefined }, {}, '- record'],
    ['a digest that waits in a queue', [QUEUED], { image: '' }, {}, '- stage'],
    ['what waits in the queue of another', [of(V1, EVERYWHERE), QUEUED], {}, {}, '- stage'],
    ['what it has', [of(V1, EVERYWHERE), QUEUED], {}, { approved: 'D' }, 'D'],
  ])('%s', (_, entries, following, candidate, answer) => {
    expect(ask(entries, following, candidate)).toBe(answer);
  });

  it('says which image it waits for, where its own record has let it in', () => {
    const candidate = { cluster: 'c5', labels: { ring: 'rest' }, held: false };
    const by = (entries: readonly Recorded[], following: Following): unknown => {
      const admission = admitsAmong(entries, following, strategy(), candidate, NOW);
      return admission.allowed ? undefined : [admission.why, admission.by];
    };
    const followed = { image: V1, key: 'D' };
    const other = of(V2, { status: 'halted' });
    expect(by([of(V1, EVERYWHERE), other], followed)).toEqual(['halted', V2]);
    expect(by([of(V1, {}), other], followed)).toEqual(['stage', undefined]);
    const waiting = { digest: 'D', stage: 'rest', hold: undefined };
    expect(sayWait('halted', { ...waiting, by: V2 })).toContain(V2);
    expect(sayWait('halted', waiting)).not.toContain(V2);
    expect(by([other], { key: 'D' })).toEqual(['halted', undefined]);
  });

  it('a newcomer gets nothing that another tag keeps from it', () => {
    const entries = [of(V1, { digest: 'D' }), of(V2, { digest: 'D' })];
    expect(ask(entries, {}, {}, NEWEST)).toBe('D');
    const previous = strategy({ newClusters: 'previous' });
    const waits = [of(V1, EVERYWHERE), of(V2, { digest: 'D', previous: 'C' })];
    expect(ask(waits, {}, {}, previous)).toBe('- stage');
  });

  const key = fc.constantFrom('A', 'B', 'C', 'D');
  const anyRecord = fc.record({
    digest: key,
    previous: key,
    status: fc.constantFrom(...ROLLOUT_STATES),
    rejected: fc.uniqueArray(key, { maxLength: 2 }),
    stage: fc.constantFrom('canary', 'early', 'rest'),
    cause: fc.constantFrom(
      'person' as const,
      'digests-differ' as const,
      'clusters-unseen' as const,
    ),
  });

  it('admits what no record has rejected, and each that rolls it out lets in', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { minLength: 1, maxLength: 3 }),
        fc.option(key, { nil: undefined }),
        fc.option(key, { nil: undefined }),
        fc.constantFrom('previous' as const, 'newest' as const, 'wait' as const),
        fc.boolean(),
        (records, approved, live, newClusters, named) => {
          const entries = records.map((changes, n) => of(`registry.example/app:v${n}`, changes));
          const candidate = defined({ approved, live });
          const following = { image: named ? '' : 'registry.example/app:v0', key: 'D' };
          const by = strategy({ newClusters });
          const answer = ask(entries, following, candidate, by);
          if (answer.startsWith('-')) return;
          for (const entry of entries) {
            expect(entry.record?.rejected).not.toContain(answer);
            if (entry.record?.digest !== answer || entry.record.status === 'retired') continue;
            const alone = { image: entry.image };
            expect(ask([entry], alone, candidate, by)).toBe(answer);
          }
        },
      ),
    );
  });
});

describe('recordFor()', () => {
  it.each<[Following, string | undefined]>([
    [{ image: V1, key: 'D' }, V1],
    [{ image: V2, key: 'D' }, undefined],
    [{ key: 'D' }, V1],
    [{ key: 'E' }, undefined],
    [{ key: undefined }, undefined],
  ])('%j is under %s', (following, image) => {
    const lost = { image: V2, known: true };
    expect(recordFor([lost, of(V1, {})], following)?.image).toBe(image);
  });
});

describe('staleKeys()', () => {
  it.each<[string, readonly Recorded[], readonly string[], string | undefined, readonly string[]]>([
    ['nothing', [], ['C', 'D'], 'C', []],
    ['what waits, behind the newest', [of(V1, {})], ['C', 'D'], 'C', ['D']],
    ['not the newest', [of(V1, {})], ['D', 'C'], 'C', []],
    ['not what is live', [of(V1, {})], ['C', 'D'], 'D', []],
    ['not what is let in', [of(V1, EVERYWHERE)], ['C', 'D'], 'C', []],
    ['not what a retired one has', [of(V1, { status: 'retired' })], ['C', 'D'], 'C', []],
    [
      'what another tag has in an early stage',
      [of(V1, EVERYWHERE), of(V2, {})],
      ['C', 'D'],
      'C',
      ['D'],
    ],
    ['what was rejected', [of(V1, { digest: 'C', rejected: ['D'] })], ['D', 'C'], 'C', ['D']],
    [
      'what was rejected by another',
      [of(V2, { digest: 'C', rejected: ['D', 'B'] })],
      ['D', 'B'],
      undefined,
      ['D', 'B'],
    ],
    [
      'not what was rejected and is live',
      [of(V1, { digest: 'C', rejected: ['D'] })],
      ['C', 'D'],
      'D',
      [],
    ],
  ])('%s', (_, entries, keys, live, stale) => {
    const [approved = ''] = keys;
    const candidate = { cluster: 'c5', labels: { ring: 'rest' }, held: false, approved, keys };
    const seen = live === undefined ? candidate : { ...candidate, live };
    expect(staleKeys(entries, strategy(), seen, NOW)).toEqual(stale);
  });
});
