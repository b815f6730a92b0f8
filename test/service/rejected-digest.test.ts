import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { handleTask } from '#functions/cluster/handle-task.ts';
import { handlePush } from '#functions/push/handle-push.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Task } from '#shared/core/task.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { readNotification } from '#shared/registry/notifications/notification.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE, annotationsOf, liveStatus, ociSource, textsOf } from '#test/fixtures/rsync.ts';
import { type StagedApiWorld, createStagedApiWorld, rollout } from '#test/fixtures/staged-api.ts';
import { thereNow } from '#test/fixtures/there-now.ts';

const [REPOSITORY = ''] = IMAGE.split(':');
const OTHER = `${REPOSITORY}:other`;
const NAMES = ['cluster-1', 'cluster-2', 'cluster-3', 'cluster-4'];
const SYNC = 'RootSync/root-sync';
const MINUTE = 60_000;
const WHY = { reason: 'INC-7' };
const BY = strategy({ stages: [stage('canary'), stage('rest', { selects: () => true })] });
/** B was rolled back everywhere, to A. */
const BACK = {
  kind: 'rollback',
  status: 'rolled-back',
  digest: A,
  rejected: [B],
  stage: 'rest',
} as const;

/** The real functions over one fleet, whose gate is missing: what a tenant writes is there. */
interface World extends StagedApiWorld {
  readonly id: string;
  notify(tag: string): Promise<void>;
  task(task: Partial<Task>): Promise<void>;
  rsync(name: string): RSync;
  write(name: string, changes: Partial<RSync>): void;
  /** Sweeps and their tasks, and a Config Sync that pulls what is approved. */
  settle(): Promise<void>;
}

async function createWorld(
  effect: ImageRule['effect'],
  from: Partial<RolloutRecord>,
): Promise<World> {
  const api = await createStagedApiWorld({
    strategy: BY,
    rule: { effect, rollout: 'fleet' },
    rollouts: [],
  });
  const staging = {
    strategies: { of: () => BY },
    records: api.records.open(),
    freezes: api.freezes.open(),
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = { ...api.deps, staging, log, resolveNow: thereNow };
  const publishTasks = async (tasks: readonly Task[]) => void api.tasks.push(...tasks);
  const push = {
    ...deps,
    publishTasks,
    subjectOf: async () => undefined,
    tagsOf: async () => ({ tags: [] }),
    signedIn: () => [],
  };
  const settings = {
    periodMs: 15 * MINUTE,
    callsPerMinute: 600,
    withdrawBrake: 1,
    pendingAfterMs: 60 * MINUTE,
  };
  for (const digest of [A, B, C]) api.verdicts.set(digest, VERIFIED);
  for (const tag of [IMAGE, OTHER]) api.tags.set(tag, A);
  let sweeps = 0;

  const rsync = (name: string): RSync => {
    const found = api.clusters.cluster(name).rsyncs.get(SYNC);
    if (found === undefined) throw new Error(`No RSync in ${name}`);
    return found;
  };
  const write = (name: string, changes: Partial<RSync>): void => {
    const now = rsync(name);
    const resourceVersion = `${Number(now.resourceVersion) + 1}`;
    api.clusters.cluster(name).rsyncs.set(SYNC, { ...now, ...changes, resourceVersion });
  };
  const task = async (one: Partial<Task>): Promise<void> => {
    api.pass(1_000);
    await handleTask(messageOf(api, { cluster: 'cluster-4', reason: 'sweep', ...one }), deps);
  };
  const work = async (): Promise<void> => {
    for (const one of api.tasks.splice(0)) await task(one);
  };
  const pull = (): void => {
    for (const name of NAMES) {
      const { source, annotations, generation } = rsync(name);
      if (source.type !== 'oci') continue;
      const wanted =
        source.reference.digest ?? api.tags.get(`${REPOSITORY}:${source.reference.tag}`);
      if (wanted === undefined || !annotations.approved.keys.includes(wanted)) continue;
      write(name, {
        status: { ...liveStatus(wanted, source.image), observedGeneration: generation },
      });
    }
  };
  // Later than the rows that the fixture has left.
  api.pass(48 * 60 * MINUTE);
  const record = rollout({ ...BACK, ...from });
  await api.put(record);
  for (const name of NAMES) await task({ cluster: name });
  pull();
  for (const name of NAMES) await task({ cluster: name });
  api.events.splice(0);
  return {
    ...api,
    id: record.id,
    rsync,
    write,
    task,
    async notify(tag) {
      api.pass(MINUTE);
      const data = { action: 'INSERT', digest: `${REPOSITORY}@${B}`, tag };
      await handlePush(readNotification(messageOf(api, data), parseNotification), push);
      await work();
    },
    async settle() {
      await work();
      for (let turn = 0; turn < 3; turn += 1) {
        api.pass(20 * MINUTE);
        await handleSweep({ ...push, settings, newId: () => `s${(sweeps += 1)}` });
        await work();
        pull();
      }
    },
  };
}

const Problem = z.object({ code: z.string() });

/** The code with which the API refuses it. */
async function refusal(world: World, path: string, body: object): Promise<string> {
  const answer = await world.post(path, { ...WHY, ...body });
  return Problem.parse(await answer.json()).code;
}

/** What explain says of an RSync. */
async function explain(world: World, cluster: string): Promise<string> {
  return (await world.get(`/v1/explain?cluster=${cluster}&sync=${SYNC}`)).text();
}

interface Way {
  readonly from?: Partial<RolloutRecord>;
  /** Tries it; returns what says why not. */
  readonly attempt: (world: World) => Promise<string>;
  readonly why: RegExp;
}

const retag = (world: World): void => void world.tags.set(IMAGE, B);
const FORWARD = { kind: 'forward', digest: C, previous: A, stage: 'canary' } as const;

const WAYS: Readonly<Record<string, Way>> = {
  'the tag that names it still': {
    async attempt(world) {
      retag(world);
      await world.settle();
      return explain(world, 'cluster-4');
    },
    why: /rolled back/,
  },
  'a push of the tag again': {
    async attempt(world) {
      retag(world);
      await world.notify(IMAGE);
      return explain(world, 'cluster-1');
    },
    why: /rolled back/,
  },
  'a push of another tag that an RSync follows': {
    async attempt(world) {
      world.tags.set(OTHER, B);
      world.write('cluster-4', { source: ociSource(OTHER) });
      await world.notify(OTHER);
      await world.settle();
      return explain(world, 'cluster-4');
    },
    why: /rolled back/,
  },
  'a spec that names the digest': {
    async attempt(world) {
      world.write('cluster-4', { source: ociSource(`${REPOSITORY}@${B}`) });
      await world.task({});
      return explain(world, 'cluster-4');
    },
    why: /rolled back/,
  },
  'a resync': {
    async attempt(world) {
      retag(world);
      await world.post('/v1/resync', { ...WHY, image: IMAGE });
      await world.settle();
      return explain(world, 'cluster-4');
    },
    why: /rolled back/,
  },
  'an approval ahead of its tag': {
    attempt: (world) => refusal(world, '/v1/resync', { image: IMAGE, digest: B }),
    why: /^rollout-rejected$/,
  },
  'a forged task that approves it ahead': {
    async attempt(world) {
      await world.task({ reason: 'resync', image: IMAGE, digest: B, actor: 'evil@acme.example' });
      return '';
    },
    why: /^$/,
  },
  'an approval and an announcement by hand': {
    async attempt(world) {
      const texts = textsOf(world.rsync('cluster-4'));
      const annotations = annotationsOf({
        ...texts,
        approved: `${B} ${A}`,
        imageToSync: `${IMAGE}@${B}`,
      });
      expect(Object.keys(annotations)).toEqual(expect.arrayContaining(['approved', 'imageToSync']));
      world.write('cluster-4', { annotations });
      await world.settle();
      return world.rsync('cluster-4').annotations.approved.text ?? '';
    },
    why: new RegExp(`^${A}$`),
  },
  'a start of the digest': {
    attempt: (world) => refusal(world, '/v1/rollouts', { image: IMAGE, digest: B }),
    why: /^rollout-rejected$/,
  },
  'a start of the tag': {
    attempt: (world) => {
      retag(world);
      return refusal(world, '/v1/rollouts', { image: IMAGE });
    },
    why: /^rollout-rejected$/,
  },
  'a promotion of the way back': {
    attempt: (world) => refusal(world, `/v1/rollouts/${world.id}/promote`, { all: true }),
    why: /^rollout-not-now$/,
  },
  'a promotion of a record that rolls it out': {
    from: { ...FORWARD, digest: B, status: 'rolling' },
    attempt: (world) => refusal(world, `/v1/rollouts/${world.id}/promote`, { all: true }),
    why: /^rollout-rejected$/,
  },
  'a rollback to it': {
    from: { ...FORWARD, status: 'rolling' },
    attempt: (world) => refusal(world, `/v1/rollouts/${world.id}/rollback`, { to: B }),
    why: /^rollout-no-way-back$/,
  },
};

describe.each(['pin', 'gate'] as const)('a digest that was rolled back, under %s,', (effect) => {
  it.each(Object.entries(WAYS))(
    'comes back by no means: %s',
    async (_, { from = {}, attempt, why }) => {
      const world = await createWorld(effect, from);
      expect(await attempt(world)).toMatch(why);
      await world.settle();
      for (const name of NAMES) {
        const { annotations, status } = world.rsync(name);
        expect(annotations.approved.keys).not.toContain(B);
        expect(status.lastSyncedCommit).not.toBe(B.slice('sha256:'.length));
      }
      expect((await world.recorded())?.rejected).toContain(B);
      // A record of another tag may begin with it; the one that rejected it lets no cluster in.
      const begun = world.events.flatMap((event) =>
        event.type === 'sync.approved' ||
        (event.type === 'rollout.started' && event.data.image === IMAGE)
          ? event.data.digest
          : [],
      );
      expect(begun).not.toContain(B);
    },
  );
});
