import { afterEach, describe, expect, it } from 'vitest';
import type { OpenedFleet } from '#functions/cli/preflight/opened-fleet.ts';
import type { PlanDeps } from '#functions/cli/preflight/plan-images.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { IDENTITY, ociSpec, ON_CALL, REPO } from '#test/fixtures/config-sync-world.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import {
  type SemanticsOptions,
  type SemanticsWorld,
  startSemanticsWorld,
} from '#test/fixtures/semantics-world.ts';

let world: SemanticsWorld;

afterEach(() => world?.close());

/** A cluster with one RootSync on `v1`, synced, from before there was a gate. */
async function start(options: SemanticsOptions = {}): Promise<string> {
  world = await startSemanticsWorld({ gate: false, ...options });
  const digest = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
  await world.create(ociSpec(world.image(':v1')));
  await world.until(() => world.status().lastSyncedCommit !== undefined);
  return digest;
}

interface Asked {
  readonly identity?: string;
  readonly unmatched?: 'deny' | 'ignore';
  readonly otherSources?: 'deny' | 'ignore';
  readonly unlisted?: readonly string[];
  readonly timeout?: string;
  readonly hub?: boolean;
  readonly rollouts?: PlanDeps;
  readonly images?: OpenedFleet['images'];
  readonly connect?: (...args: Parameters<Fleet['connect']>) => ReturnType<Fleet['connect']>;
}

async function preflight({ identity = IDENTITY, ...rest }: Asked = {}) {
  const { unmatched = 'deny', otherSources = 'ignore' } = rest;
  const { unlisted = [], timeout = '30s', hub = false, rollouts } = rest;
  const { deps } = world;
  const member = { name: 'cluster-1', id: 'cluster-1', labels: {} };
  const fleet = {
    list: async () => ({ members: [member], unreachable: unlisted }),
    connect: rest.connect ?? ((to: typeof member) => deps.fleet.connect(to)),
  };
  const openFleet = async (): Promise<OpenedFleet> => ({
    ...deps,
    ...(rollouts && { rollouts }),
    images: rest.images ?? [],
    fleet,
    unmatched,
    otherSources,
    identity,
    hub,
  });
  const args = ['preflight', 'countersign.yaml', '--timeout', timeout];
  const { code, out, err } = await runProgramWith([...args, '--json'], { heavy: { openFleet } });
  const { clusters = [], ...whole } = out === '' ? {} : JSON.parse(out);
  const [report] = clusters;
  const { out: text } = await runProgramWith(args, { heavy: { openFleet } });
  return { code, report, whole, text, err };
}

describe('preflight under pin', () => {
  const rule = { effect: 'pin' } as const;

  /** The config pins; the gate was rendered from one that has that effect. */
  async function startApproved(effect: 'gate' | 'pin'): Promise<void> {
    world = await startSemanticsWorld({ gate: true, effect, rule });
    world.sign(await world.pusher().image({ 'a.yaml': '1' }, 'v1'));
    await world.create(ociSpec(world.image(':v1')));
    await world.sweepUntil(async () => world.status().lastSyncedCommit !== undefined);
  }

  it('finds a gate that allows Countersign no change of a spec, and none once it is rendered anew', async () => {
    await startApproved('gate');
    const before = await preflight();
    expect(before.code).toBe(1);
    expect(before.report.problems).toEqual([
      { code: 'pin-refused', message: expect.stringContaining('render and apply the gate') },
    ]);
    expect(before.text).toContain('pin-refused');
    await world.close();
    await startApproved('pin');
    expect((await preflight()).report.problems).toEqual([]);
  });

  it('names the fleet as the one that may put root-sync back, and no other', async () => {
    await start({ rule });
    const { report, text } = await preflight({ hub: true });
    expect(report.unpinned).toEqual([
      { sync: 'RootSync/root-sync', code: 'fleet-managed', message: expect.any(String) },
    ]);
    expect(text).toContain('\nfleet-managed');
    expect((await preflight()).report.unpinned).toEqual([]);
  });

  it('says nothing of pins under gate', async () => {
    await start();
    expect((await preflight({ hub: true })).report).toMatchObject({ unpinned: [], problems: [] });
  });
});

describe('preflight of roll-outs', () => {
  it('plans with the fleet that it has read anyway, and exits as without', async () => {
    const digest = await start();
    world.sign(digest);
    await world.reconcile();
    world.calls();
    const plain = await preflight();
    const calls = world.calls();
    expect([plain.code, plain.whole]).toEqual([0, { unlisted: [], idle: [] }]);
    const rule = world.deps.rules.match(parseReference(world.image(':v1')).repository);
    if (rule === undefined) throw new Error('The config names it');
    const rollouts: PlanDeps = {
      images: [rule],
      strategies: {
        of: () => strategy({ stages: [stage('all', { maxUnreachable: { clusters: 0 } })] }),
      },
      callsPerMinute: 600,
      resolveNow: (reference) => world.deps.resolver.fresh(reference),
    };
    const staged = await preflight({ rollouts });
    expect(world.calls()).toEqual(calls);
    expect([staged.code, staged.whole.rollouts]).toMatchObject([
      0,
      {
        left: 0,
        plans: [{ image: world.image(':v1'), previous: digest, wayBack: 'there', clusters: 1 }],
      },
    ]);
    expect(staged.text).toContain(`${world.image(':v1')}  by strategy`);
  });
});

describe('preflight of an RSync', () => {
  it('refuses what is unsigned, then what is not approved yet, and nothing after a sweep', async () => {
    const digest = await start();
    const unsigned = await preflight();
    expect(unsigned.code).toBe(1);
    expect(unsigned.report.refused).toEqual([
      {
        sync: 'RootSync/root-sync',
        rule: 'a',
        key: digest,
        because: 'not-approvable',
        message: expect.stringContaining('not approved'),
      },
    ]);
    world.sign(digest);
    const signed = await preflight();
    expect(signed.report.refused).toMatchObject([{ key: digest, because: 'not-approved-yet' }]);
    expect(signed.text).toContain('\nrefused, not-approved-yet ');
    await world.reconcile();
    const swept = await preflight();
    expect([swept.code, swept.report.refused]).toEqual([0, []]);
    expect(swept.text).toContain('The gate would refuse nothing in 1 cluster');
  });

  it('refuses what its tag has moved to, and what it has moved from', async () => {
    const first = await start();
    world.sign(first);
    await world.reconcile();
    await world.stop();
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    expect((await preflight()).report.refused).toMatchObject([
      { key: second, because: 'not-approvable', message: 'Waiting for a signature' },
    ]);
  });

  it.each([
    ['deny', 1, [{ because: 'not-followed' }]],
    ['ignore', 0, []],
  ] as const)(
    'refuses what no entry names, under unmatched: %s',
    async (unmatched, code, refused) => {
      await start({ rule: { match: 'other.example/**' }, unmatched });
      const found = await preflight({ unmatched });
      expect(found.code).toBe(code);
      expect(found.report.refused).toMatchObject(refused);
    },
  );

  it.each([
    ['deny', [{ because: 'other-source', sync: 'RepoSync/team-a/repo-sync' }]],
    ['ignore', []],
  ] as const)(
    'refuses what announces nothing, under otherSources: %s',
    async (otherSources, refused) => {
      await start();
      await world.create(
        { sourceType: 'git', git: { repo: 'https://g.example', auth: 'none' } },
        REPO,
      );
      const { report } = await preflight({ otherSources });
      const silent = report.refused.filter(({ sync }: { sync: string }) => sync.startsWith('Repo'));
      expect(silent).toMatchObject(refused);
      expect(silent).toHaveLength(refused.length);
    },
  );

  it('refuses what other clusters alone follow', async () => {
    await start({ rule: { clusters: 'tier = prod' } });
    const [refusal] = (await preflight()).report.refused;
    expect(refusal).toMatchObject({ because: 'not-followed' });
    expect(refusal.message).toContain('tier = prod');
  });

  it('refuses a chart of latest', async () => {
    await start();
    const digest = await world
      .pusher('charts/shop')
      .chart({ 'shop/a.yaml': '' }, '1.2.3', ['latest']);
    world.sign(digest);
    const repo = `oci://${world.registry.host}/charts`;
    const helm = { repo, chart: 'shop', version: 'latest', auth: 'none' };
    await world.create({ sourceType: 'helm', helm }, REPO);
    await world.until(() => world.annotation(REPO) !== undefined);
    const { report } = await preflight();
    expect(report.refused).toContainEqual(
      expect.objectContaining({
        sync: 'RepoSync/team-a/repo-sync',
        because: 'not-approvable',
        message: expect.stringContaining('one exact version'),
      }),
    );
  });

  it('admits broken glass, and leaves out git and what is being deleted', async () => {
    const digest = await start();
    const annotations = { 'countersign.dev/break-glass': `${digest} outage` };
    await world.patch({ metadata: { annotations } }, { user: ON_CALL });
    await world.create(
      { sourceType: 'git', git: { repo: 'https://g.example', auth: 'none' } },
      REPO,
    );
    expect((await preflight()).code).toBe(0);
    await world.patch({ metadata: { annotations: { 'countersign.dev/break-glass': null } } });
    await world.patch({ metadata: { finalizers: ['a.example/hold'] } });
    await world.remove();
    expect((await preflight()).code).toBe(0);
  });
});

describe('preflight of a cluster', () => {
  it('proves that we are who the policy expects, without a gate, and writes nothing', async () => {
    world = await startSemanticsWorld({ gate: false });
    await world.stop();
    await world.create({ sourceType: 'git', git: { repo: 'https://g.example', auth: 'none' } });
    const before = world.get();
    const known = await preflight();
    expect([known.code, known.report.user, known.report.problems]).toEqual([0, IDENTITY, []]);
    expect(world.calls()).toMatchObject({ patch: 2 });
    expect(world.get()).toEqual(before);
    const other = await preflight({ identity: 'someone@acme.example' });
    expect(other.code).toBe(1);
    expect(other.report.problems).toMatchObject([{ code: 'identity' }]);
  });

  it('says that the API server knows us by a number, and which scope is missing', async () => {
    world = await startSemanticsWorld({ gate: false });
    const number = '104857600000000000001';
    const { report, code } = await preflight({
      async connect(member) {
        const api = await world.deps.fleet.connect(member);
        return { ...api, describe: async () => ({ ...(await api.describe()), user: number }) };
      },
    });
    expect(code).toBe(1);
    expect(report.problems).toMatchObject([
      { code: 'identity', message: expect.stringContaining('userinfo.email') },
    ]);
  });

  it('shows the answer of a gate that is there already', async () => {
    world = await startSemanticsWorld({ gate: true });
    await world.create({ sourceType: 'git', git: { repo: 'https://g.example', auth: 'none' } });
    expect((await preflight()).report.problems).toEqual([]);
    await world.close();
    const forbid = { verb: 'patch', user: IDENTITY };
    world = await startSemanticsWorld({
      kube: { forbid: ({ verb, user }) => verb === forbid.verb && user === forbid.user },
    });
    await world.create({ sourceType: 'git', git: { repo: 'https://g.example', auth: 'none' } });
    const { code, report } = await preflight();
    expect([code, report.problems]).toMatchObject([1, [{ code: 'patch-refused' }]]);
  });

  it.each([
    ['1.29.9', '1.21.0', ['kubernetes-too-old']],
    ['1.30.0', '1.20.2', ['config-sync-too-old']],
    ['1.30.0', '1.21.0', []],
    ['1.100.0', '2.0.0', []],
  ])('judges Kubernetes %s with Config Sync %s', async (kubernetes, configSync, codes) => {
    world = await startSemanticsWorld({ kube: { versions: { kubernetes, configSync } } });
    const { code, report } = await preflight();
    expect(report).toMatchObject({ kubernetes, configSync });
    expect(report.problems.map((problem: { code: string }) => problem.code)).toEqual(codes);
    expect(code).toBe(codes.length);
  });

  it('says unknown of a version that it may not see, and infers what it can', async () => {
    const digest = await start({ kube: { forbid: ({ path }) => path.includes('deployments') } });
    world.sign(digest);
    await world.reconcile();
    const { code, report, text } = await preflight();
    expect([code, report.problems, report.notes]).toEqual([
      0,
      [],
      [expect.stringContaining('version of Config Sync is not known')],
    ]);
    expect(text).toMatch(/\ncluster-1 .* unknown /);
    await world.stop();
    await world.patch({ metadata: { annotations: { 'configsync.gke.io/image-to-sync': null } } });
    const old = await preflight();
    expect([old.code, old.report.problems]).toMatchObject([1, [{ code: 'config-sync-too-old' }]]);
  });

  it('exits with 2 for a cluster that cannot be read, or does not say who we are', async () => {
    world = await startSemanticsWorld({
      kube: { forbid: ({ path }) => path.includes('selfsubject') },
    });
    const silent = await preflight();
    expect([silent.code, silent.report.unchecked]).toEqual([2, 'it does not report the user name']);
    const away = await preflight({
      connect: () => Promise.reject(new CountersignError('cluster-unreachable', 'No answer')),
    });
    expect([away.code, away.report.unchecked]).toEqual([2, 'No answer']);
    expect(away.text).toMatch(/\nnot checked .* No answer\n/);
  });

  it('exits with 2 where a part of the fleet, or an image, could not be looked at', async () => {
    const digest = await start();
    world.sign(digest);
    await world.reconcile();
    const part = await preflight({ unlisted: ['projects/p/locations/us-west1'] });
    expect(part.code).toBe(2);
    expect(part.text).toContain('projects/p/locations/us-west1');
    await world.registry.close();
    const { code, report } = await preflight();
    expect(code).toBe(2);
    expect(report.unchecked).toContain('RootSync/root-sync');
  });

  it('exits with 3 when it takes too long', async () => {
    world = await startSemanticsWorld();
    const { code, err } = await preflight({ timeout: '1s', connect: () => new Promise(() => {}) });
    expect(code).toBe(3);
    expect(err).toContain('within 1 s');
  });

  it('shows nothing that could rule a terminal', async () => {
    world = await startSemanticsWorld();
    const evil = new CountersignError('cluster-unreachable', 'No\u001b[2J\u202eanswer\nok: 0');
    const { text } = await preflight({ connect: () => Promise.reject(evil) });
    expect(text.split('\n')).toHaveLength(8);
    expect(text).not.toMatch(/[^\P{C}\n]/u);
  });
});

describe('the command', () => {
  it.each([
    [['a', 'b'], 'too many arguments'],
    [['a', '--what'], '--what'],
    [['a', '--config', 'b'], 'Two config files'],
  ])('exits with 2 for %j', async (args, said) => {
    world = await startSemanticsWorld();
    const { code, err } = await runProgramWith(['preflight', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it('exits with 2 for a config that says nothing of a gate', async () => {
    world = await startSemanticsWorld();
    const failure = new CountersignError('bad-config', 'Config has no gate: add gate.identity');
    const openFleet = () => Promise.reject(failure);
    const { code, err } = await runProgramWith(['preflight', 'a.yaml'], { heavy: { openFleet } });
    expect([code, err]).toEqual([2, `${failure.message} (bad-config)\n`]);
  });
});
