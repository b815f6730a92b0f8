import { describe, expect, it } from 'vitest';
import { Explanation } from '#functions/api/explain/operation.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { UNSIGNED, UNTRUSTED } from '#test/fixtures/decision.ts';
import { A, B, ROOT, type ApiWorld, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { IMAGE, liveStatus, ociSource, sourceError } from '#test/fixtures/rsync.ts';

async function explain(world: ApiWorld): Promise<Explanation> {
  const answer = await world.get(`/v1/explain?cluster=cluster-1&sync=${ROOT}`);
  expect(answer.status).toBe(200);
  return Explanation.parse(await answer.json());
}

function outcomes({ steps }: Explanation): Record<string, string> {
  return Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
}

const LIVE = liveStatus(A);

describe('GET /v1/explain', () => {
  it('walks the chain of what is well, by one call to the cluster', async () => {
    const world = createApiWorld();
    await world.sweep();
    const before = world.calls()['cluster-1'] ?? 0;
    const explanation = await explain(world);
    expect(explanation).toMatchObject({ cluster: 'cluster-1', sync: ROOT, phase: 'Synced' });
    expect(explanation.steps.map(({ step }) => step)).toEqual([
      'cluster',
      'config',
      'trigger',
      'tag',
      'digest',
      'signatures',
      'approval',
      'gate',
      'source',
      'rendering',
      'sync',
      'conditions',
    ]);
    expect(new Set(Object.values(outcomes(explanation)))).toEqual(new Set(['ok']));
    expect(explanation.conclusion).toBe(`${A} is live and approved: nothing to do`);
    expect(world.calls()['cluster-1']).toBe(before + 1);
    expect(explanation.steps[2]?.details).toEqual(['The approval in place came by a sweep']);
  });

  it.each<[string, (world: ApiWorld) => void, Record<string, string>, string, RegExp]>([
    [
      'unsigned',
      (world) => world.tags.set(IMAGE, B) && world.verdicts.set(B, UNSIGNED),
      { tag: 'ok', signatures: 'wait' },
      'Pending',
      /^Not signed: sign the digest with cosign/,
    ],
    [
      'untrusted',
      (world) => world.tags.set(IMAGE, B) && world.verdicts.set(B, UNTRUSTED),
      { signatures: 'bad' },
      'Rejected',
      /^Not trusted under policy "release": no key of the policy verifies what is there/,
    ],
    [
      'a tag that is gone',
      (world) => world.tags.delete(IMAGE),
      { tag: 'bad' },
      'Rejected',
      /is not in the registry$/,
    ],
    [
      'stalled',
      (world) => {
        const condition = { status: 'True', reason: 'Validation', message: 'KNV1061' } as const;
        const status = { ...LIVE, stalled: { ...condition, errorCount: 0 } };
        replace(world, { status });
      },
      { conditions: 'bad' },
      'Stalled',
      /KNV1061: correct the spec of the RSync$/,
    ],
    [
      'refused by the gate',
      (world) => {
        world.pass(600_000);
        const { lastSyncedCommit: _, ...unsynced } = liveStatus(A);
        replace(world, { status: sourceError(unsynced, A, '2002') });
      },
      { gate: 'bad', source: 'bad' },
      'Blocked',
      /look at the gate/,
    ],
    [
      'nothing that we follow',
      (world) => replace(world, { source: ociSource('docker.io/library/x:v1') }),
      { config: 'skipped', tag: 'skipped', signatures: 'skipped', approval: 'skipped' },
      'Refused',
      /^No entry of images names index\.docker\.io\/library\/x; the gate refuses it/,
    ],
    [
      'a registry that does not answer',
      (world) =>
        world.broken.set(IMAGE, new CountersignError('registry-unavailable', 'It is down')),
      { tag: 'unknown' },
      'Synced',
      /^The registry could not be asked: It is down$/,
    ],
  ])('explains %s', async (_, change, expected, phase, sentence) => {
    const world = createApiWorld();
    await world.sweep();
    change(world);
    const explanation = await explain(world);
    expect(outcomes(explanation)).toMatchObject(expected);
    expect(explanation.phase).toBe(phase);
    expect(explanation.conclusion).toMatch(sentence);
  });

  it('shows a refusal once, and other errors where they are', async () => {
    const world = createApiWorld();
    const denied = sourceError(liveStatus(A), A, '2002');
    const other = { code: '2004', message: 'KNV2004: pull' };
    const source = { ...denied.source, errors: [...denied.source.errors, other], errorCount: 2 };
    replace(world, { status: { ...denied, source } });
    const { steps } = await explain(world);
    const found = (name: string) => steps.find(({ step }) => step === name);
    expect(found('gate')?.details).toEqual(['KNV2002: denied']);
    expect(found('source')).toMatchObject({
      finding: `2 errors on ${'a'.repeat(64)}, at 2026-11-22T06:00:00Z: see the gate`,
      details: ['2004: KNV2004: pull'],
    });
  });

  it('takes a dead cluster for the explanation', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-1').down = 'cluster-unreachable';
    const { steps, phase, conclusion } = await explain(world);
    expect({ phase, steps: steps.length }).toEqual({ phase: undefined, steps: 1 });
    expect(conclusion).toMatch(/^Unreachable: /);
  });

  it('names the index that the digest is a child of', async () => {
    const image = { status: 'resolved', digest: A, index: B } as const;
    const resolution = { resolvedAt: '2026-11-22T06:00:00Z', fresh: true, image };
    const resolve = async () => resolution;
    const world = createApiWorld({}, { resolver: { resolve, fresh: resolve } });
    const { steps } = await explain(world);
    const finding = (name: string) => steps.find(({ step }) => step === name)?.finding;
    expect(finding('tag')).toContain(`is ${B} in the registry`);
    expect(finding('digest')).toMatch(new RegExp(`^${A} is the linux/amd64 child of that index`));
  });

  it.each([
    [`${IMAGE}@${A}`, `${B} is what Config Sync would pull, were the spec not pinned to ${A}`],
    [IMAGE, `${B} is what Config Sync pulls`],
  ])('says of an unsigned push to %s what is pulled', async (image, finding) => {
    const world = createApiWorld({ rule: { effect: 'pin' } });
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, UNSIGNED);
    replace(world, { source: ociSource(image) });
    const { steps } = await explain(world);
    expect(steps.find(({ step }) => step === 'digest')?.finding).toBe(finding);
  });

  it.each([
    ['cluster=cluster-1', 400],
    [`sync=${ROOT}`, 400],
    ['cluster=cluster-1&sync=x', 400],
    ['cluster=nobody&sync=RootSync/a', 404],
    ['cluster=cluster-1&sync=RootSync/nobody', 404],
  ])('answers %s with %i', async (query, status) => {
    const answer = await createApiWorld().get(`/v1/explain?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

function replace(world: ApiWorld, overrides: Partial<RSync>): void {
  const { rsyncs } = world.clusters.cluster('cluster-1');
  rsyncs.set(ROOT, { ...(rsyncs.get(ROOT) ?? liveRSync()), ...overrides });
}
