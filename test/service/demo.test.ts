import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playDemo } from '#infra/local/demo/play-demo.ts';
import { runProcess } from '#test/e2e/tools/process.ts';
import { startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { ANSWERED_MS, TEST_LIMIT_MS } from '#test/patience.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));

const STAGES = [
  'INFO rollout.stage.passed canary',
  'INFO rollout.stage.opened early',
  'INFO rollout.stage.passed early',
  'INFO rollout.stage.opened rest',
  'INFO rollout.stage.passed rest',
  'INFO rollout.completed',
];
const TAKEN = ['INFO sync.approved', 'INFO sync.synced'];
const CLUSTERS = ['cluster-1', 'cluster-2', 'cluster-3', 'cluster-4'];

/** What happens to each image and RSync, and how grave it is. Only what is written here may be reported. */
const STORY: Readonly<Record<string, readonly string[]>> = {
  'configs/team-a': [
    'WARNING image.unusable',
    'INFO image.unsigned',
    'INFO image.verified',
    'INFO rollout.completed',
    'INFO image.unsigned',
    'INFO image.verified',
    'INFO rollout.completed',
  ],
  'configs/platform': [
    'WARNING image.unusable',
    'INFO image.verified',
    'INFO rollout.started',
    ...STAGES,
    'INFO image.verified',
    'INFO rollout.started',
    'ERROR rollout.halted',
    'INFO image.verified',
    'INFO rollout.recovered',
    'INFO rollout.superseded',
    'INFO rollout.started',
    ...STAGES,
  ],
  ...Object.fromEntries(
    CLUSTERS.flatMap((cluster) => [
      [`${cluster} RootSync/root-sync`, [...TAKEN, ...TAKEN]],
      [`${cluster} RepoSync/team-a/repo-sync`, [...TAKEN, ...TAKEN]],
    ]),
  ),
  // The canary alone gets what cannot be applied.
  'cluster-1 RootSync/root-sync': [
    ...TAKEN,
    'INFO sync.approved',
    'ERROR sync.failed',
    'INFO sync.approved',
    'INFO sync.recovered',
    'INFO sync.synced',
  ],
};

/** What a person decided. A stage may pass before the pause, on a busy machine: they come wherever they come, in this order. */
const DECIDED = ['INFO rollout.paused', 'INFO rollout.resumed'];

/** A sweep sees a roll-out under way, or only its end: it comes each second. */
const MAYBE = 'INFO rollout.progressing';
/** Of a digest and then of its tag, or of its tag alone; and of a decision that another writer was faster than. */
const MAYBE_TWICE = ['INFO image.verified', 'INFO rollout.paused'];

/** The status events that the demo prints, by what they are about. */
function storyOf(stdout: string): Record<string, string[]> {
  const story: Record<string, string[]> = {};
  const events = stdout.matchAll(
    /^ *\d+\.\d s {2}([A-Z]+) +([a-z]+\.[a-z.]+) +(?:127\.0\.0\.1:\d+\/)?(.*?) {2}(.*)$/gm,
  );
  for (const [, severity, type = '', subject = '', message = ''] of events) {
    const [, stage] = /^ *Stage (\S+) is /.exec(message) ?? [];
    const event = [severity, type, ...(type.includes('.stage.') ? [stage] : [])].join(' ');
    const known = (story[subject.trim()] ??= []);
    if (event === MAYBE || (MAYBE_TWICE.includes(event) && known.at(-1) === event)) continue;
    // A pause may be faster than the sweep that has published that a stage is passed: it passes once more after that.
    const since = known.slice(known.lastIndexOf('INFO rollout.started'));
    if (stage !== undefined && since.includes(event)) continue;
    known.push(event);
  }
  return story;
}

describe.concurrent('npm run demo', () => {
  it.each([
    ['pin', [], /Waiting: every cluster .* stays SYNCED/],
    ['gate', ['--effect', 'gate'], /Held: every cluster has pulled it, and shows KNV2002/],
  ] as const)(
    'shows every image on its way under %s, and exits 0',
    async (_, args, overRunning) => {
      const { code, stdout, stderr } = await runProcess({
        command: process.execPath,
        args: [MAIN, 'local', 'demo', ...args],
        // It gives up by itself.
        timeout: TEST_LIMIT_MS,
      });
      expect([code, stderr]).toEqual([0, '']);
      const { 'configs/platform': platform = [], ...others } = storyOf(stdout);
      const isDecided = (event: string) => DECIDED.includes(event);
      expect(platform.filter((event) => isDecided(event))).toEqual(DECIDED);
      const rest = platform.filter((event) => !isDecided(event));
      expect({ ...others, 'configs/platform': rest }).toEqual(STORY);
      for (const cluster of CLUSTERS) {
        const row = (sync: string, phase: string) =>
          expect.stringMatching(
            new RegExp(`${cluster} +${sync} +${phase} +sha256:[0-9a-f]{12}$`, 'm'),
          );
        expect(stdout).toEqual(row('RepoSync/team-a/repo-sync', 'Pending'));
        expect(stdout).toEqual(row('RootSync/root-sync', 'Synced'));
        expect(stdout).toEqual(row('RepoSync/team-a/repo-sync', 'Synced'));
      }
      expect(stdout).toMatch(
        /Held: the gate refuses it to Config Sync in every cluster \(KNV2002\)/,
      );
      expect(stdout).toMatch(overRunning);
      expect(stdout).toMatch(/image\.unsigned .*\n(?:.*\n)*.*image\.verified /);
      expect(stdout).toContain('Halted: the canary alone has it');
      expect(stdout).toContain('Paused: no further cluster gets it');
      expect(stdout).toMatch(/platform:v1: approved after \d+\.\d s, synced \d+\.\d s later/);
      expect(stdout).toMatch(/Calls to clusters by Countersign: .*\d+ patch/);
    },
  );
});

describe('playDemo()', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await startTestWorld({ clusters: 1 });
  });
  afterAll(() => world.stop());

  /** Plays until it fails; returns why, and what it printed. */
  async function play(limit: AbortSignal): Promise<{ why: string; printed: string }> {
    const out = new PassThrough();
    const startedAt = new Date();
    const demo = playDemo({ world, effect: 'pin', out, live: false, limit, startedAt });
    const why = await demo.then(() => 'nothing', String);
    out.end();
    return { why, printed: await text(out) };
  }

  it('fails where the gate admits an unsigned image', async () => {
    const [cluster] = world.emulated;
    const sync = cluster?.store.get('reposyncs', 'team-a', 'repo-sync');
    if (sync === undefined) throw new Error('no such RepoSync');
    const annotations = { 'countersign.dev/approved': `sha256:${'0'.repeat(64)}` };
    cluster?.store.put('reposyncs', { ...sync, metadata: { ...sync.metadata, annotations } });
    const { why } = await play(AbortSignal.timeout(ANSWERED_MS));
    expect(why).toContain(
      'RepoSync/team-a/repo-sync of cluster-1 got an image that was not signed',
    );
  });

  it('fails with what was not reached in time', async () => {
    // The world has reported what is absent before, and does not again.
    const { why, printed } = await play(AbortSignal.abort());
    expect(why).toMatch(/127\.0\.0\.1:\d+\/configs\/.* was not reported as absent in time/);
    expect(printed).not.toContain('Synced');
  });
});
