import { describe, expect, it } from 'vitest';
import type { Heavy } from '#functions/cli/heavy.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { createProgram } from '#functions/cli/program.ts';
import { VERBS } from '#functions/cli/verbs.ts';
import { NEW_ROWS } from './exit-code-cases.ts';
import { type Run, runProgramWith } from '#test/fixtures/run-program.ts';
import { FULL } from '#test/unit/config/fixture.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';
const WHY = ['--reason', 'INC-7'];

/** What the API answers by its path: a body, or a status and the code of a problem. */
type Answers = Readonly<Record<string, object | readonly [number, string]>>;

function problem(status: number, code: string): Response {
  const body = { type: 'about:blank', title: '', status, detail: `It is ${code}`, code };
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } });
}

function answering(answers: Answers): typeof fetch {
  return async (input) => {
    const { pathname } = new URL(new Request(input).url);
    const found = answers[pathname] ?? answers['*'];
    if (found === undefined) return problem(404, 'not-found');
    return Array.isArray(found) ? problem(found[0], found[1]) : Response.json(found);
  };
}

async function run(args: readonly string[], answers: Answers, heavy: Partial<Heavy>): Promise<Run> {
  let time = 0;
  return runProgramWith(args, {
    fetch: answering(answers),
    heavy,
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
  });
}

const SYNC = {
  cluster: 'cluster-1',
  sync: 'RootSync/root-sync',
  phase: 'Synced',
  digest: DIGEST,
  liveDigest: DIGEST,
  message: 'Live',
  errors: [],
};
const CLUSTERS = [{ cluster: 'cluster-1', phase: 'Reachable', ageSeconds: 0 }];
const FLEET = { clusters: CLUSTERS, syncs: [SYNC] };
const FAILED = { ...FLEET, syncs: [{ ...SYNC, phase: 'Failed' }] };
const VERDICT = {
  image: IMAGE,
  digest: DIGEST,
  verdict: 'verified',
  message: 'Ok',
  candidates: [],
};
const BRIEF = { id: 'r', image: IMAGE, version: 1, digest: DIGEST, status: 'rolling', stage: 'a' };
const ROLLOUT = { ...BRIEF, kind: 'forward', rejected: [], history: [], stages: [], message: '' };
const LISTED = { rollouts: [{ ...BRIEF, stages: [], message: '' }], lost: [] };
const PLAN = {
  image: IMAGE,
  strategy: 's',
  start: 'now',
  wayBack: 'none',
  stages: [],
  clusters: 1,
  calls: 1,
  overlaps: { count: 0, first: [] },
};
const FREEZE = { id: 'f', by: 'me', reason: 'why', since: '2026-11-22T05:00:00Z' };
const ORDERED = { dryRun: false, cluster: 'cluster-1', syncs: [], asked: true };
const PREVIEW = {
  clusters: 1,
  looked: 1,
  syncs: [{ ...SYNC, change: 'none', why: 'Ok' }],
  unread: [],
};

/** A verb, what is written behind it, what it meets, and how it ends. */
interface Row {
  readonly verb: string;
  readonly args?: readonly string[];
  readonly meets: Answers;
  readonly heavy?: Partial<Heavy>;
  readonly code: number;
}

const of = (path: string, answer: Answers[string]): Answers => ({ [path]: answer });
const decision = (verb: string, ...args: string[]): Row[] => {
  const path = `/v1/rollouts/r/${verb}`;
  const asked = { verb: `rollout ${verb}`, args: ['r', ...WHY, ...args] };
  return [
    { ...asked, meets: of(path, { rollout: BRIEF }), code: 0 },
    { ...asked, meets: of(path, [409, 'rollout-not-now']), code: 1 },
    { ...asked, meets: of(path, [422, 'not-verified']), code: 1 },
    { ...asked, meets: of(path, [403, 'forbidden']), code: 2 },
  ];
};
const TRACK = {
  listedAt: '2026-11-29T00:00:00Z',
  candidates: [{ tag: '1.4.2', version: '1.4.2', chosen: true, why: 'The one to follow' }],
  ignored: [],
  taken: [],
  warnings: [],
  message: 'm',
};
const EXPLAINED = { steps: [], conclusion: 'It is so' };
const absent = () => Promise.reject(new CountersignError('bad-config', 'Config is absent'));
const late = () => Promise.reject(new CountersignError('deadline-exceeded', 'Late'));
const LOCAL = { policyOf: () => undefined, resolve: late, verifier: { verify: late } };

const TABLE: readonly Row[] = [
  { verb: 'status', meets: of('/v1/fleet', FLEET), args: ['--json'], code: 0 },
  { verb: 'status', meets: of('/v1/fleet', FAILED), args: ['--json'], code: 1 },
  {
    verb: 'explain',
    args: ['c', 'root-sync'],
    meets: of('/v1/explain', { ...EXPLAINED, phase: 'Synced' }),
    code: 0,
  },
  {
    verb: 'explain',
    args: ['c', 'root-sync'],
    meets: of('/v1/explain', { ...EXPLAINED, phase: 'Failed' }),
    code: 1,
  },
  { verb: 'explain', args: ['c', 'root-sync'], meets: of('/v1/explain', EXPLAINED), code: 2 },
  { verb: 'explain', args: ['c', 'root-sync'], meets: {}, code: 2 },
  { verb: 'verify', args: [IMAGE], meets: of('/v1/verify', VERDICT), code: 0 },
  {
    verb: 'verify',
    args: [IMAGE],
    meets: of('/v1/verify', { ...VERDICT, verdict: 'untrusted' }),
    code: 1,
  },
  {
    verb: 'verify',
    args: [IMAGE, '--local'],
    meets: {},
    heavy: { openJudge: async () => LOCAL },
    code: 2,
  },
  { verb: 'verify', args: [IMAGE, '--local'], meets: {}, heavy: { openJudge: absent }, code: 2 },
  { verb: 'verify', args: [IMAGE, '--local'], meets: {}, heavy: { openJudge: late }, code: 3 },
  { verb: 'wait', args: [IMAGE], meets: { '/v1/verify': VERDICT, '/v1/fleet': FLEET }, code: 0 },
  { verb: 'wait', args: [IMAGE], meets: { '/v1/verify': VERDICT, '/v1/fleet': FAILED }, code: 1 },
  { verb: 'wait', args: [IMAGE], meets: of('/v1/verify', [503, 'store-unavailable']), code: 2 },
  {
    verb: 'wait',
    args: [IMAGE],
    meets: { '/v1/verify': { ...VERDICT, digest: `sha256:${'b'.repeat(64)}` }, '/v1/fleet': FLEET },
    code: 3,
  },
  { verb: 'track', args: [IMAGE], meets: of('/v1/track', TRACK), code: 0 },
  {
    verb: 'track',
    args: [IMAGE, '--chart'],
    meets: of('/v1/track', { ...TRACK, candidates: [] }),
    code: 1,
  },
  { verb: 'track', args: [IMAGE], meets: of('/v1/track', [400, 'bad-request']), code: 2 },
  { verb: 'resync', args: ['--all'], meets: of('/v1/resync', { id: 'i', clusters: 3 }), code: 0 },
  {
    verb: 'resync',
    args: ['--image', IMAGE],
    meets: of('/v1/resync', { id: 'i', clusters: 0 }),
    code: 1,
  },
  {
    verb: 'resync',
    args: ['--image', IMAGE, '--digest', DIGEST],
    meets: of('/v1/resync', [422, 'not-verified']),
    code: 1,
  },
  {
    verb: 'resync',
    args: ['--image', IMAGE, '--digest', DIGEST],
    meets: of('/v1/resync', [409, 'rollout-rejected']),
    code: 1,
  },
  { verb: 'resync', meets: {}, code: 2 },
  { verb: 'resync', args: ['--all', '--image', IMAGE], meets: {}, code: 2 },
  { verb: 'resync', args: ['--dry-run'], meets: of('/v1/resync', PREVIEW), code: 0 },
  {
    verb: 'resync',
    args: ['--dry-run'],
    meets: of('/v1/resync', { ...PREVIEW, syncs: [] }),
    code: 1,
  },
  {
    verb: 'resync',
    args: ['--dry-run'],
    meets: of('/v1/resync', { ...PREVIEW, unread: [{ cluster: 'c', message: 'Away' }] }),
    code: 2,
  },
  { verb: 'rollouts', meets: of('/v1/rollouts', LISTED), code: 0 },
  { verb: 'rollouts', meets: of('/v1/rollouts', { ...LISTED, lost: [IMAGE] }), code: 1 },
  { verb: 'rollout list', meets: of('/v1/rollouts', LISTED), code: 0 },
  { verb: 'rollout show', args: ['r'], meets: of('/v1/rollouts/r', ROLLOUT), code: 0 },
  {
    verb: 'rollout show',
    args: ['r'],
    meets: of('/v1/rollouts/r', { ...ROLLOUT, status: 'halted' }),
    code: 1,
  },
  { verb: 'rollout show', args: ['r'], meets: {}, code: 2 },
  {
    verb: 'rollout plan',
    args: [IMAGE],
    meets: { '/v1/rollouts': LISTED, '/v1/rollouts/r/plan': { ...PLAN, endsAt: 'z', minutes: 1 } },
    code: 0,
  },
  {
    verb: 'rollout plan',
    args: [IMAGE],
    meets: { '/v1/rollouts': LISTED, '/v1/rollouts/r/plan': PLAN },
    code: 1,
  },
  {
    verb: 'rollout plan',
    args: [IMAGE],
    meets: of('/v1/rollouts', { rollouts: [], lost: [] }),
    code: 2,
  },
  {
    verb: 'rollout start',
    args: [IMAGE, ...WHY],
    meets: of('/v1/rollouts', { rollout: BRIEF }),
    code: 0,
  },
  {
    verb: 'rollout start',
    args: [IMAGE, ...WHY],
    meets: of('/v1/rollouts', [409, 'rollout-same']),
    code: 1,
  },
  { verb: 'rollout start', args: [IMAGE], meets: {}, code: 2 },
  ...decision('pause'),
  ...decision('resume'),
  ...decision('abort'),
  ...decision('approve', '--stage', 'a'),
  ...decision('promote', '--all'),
  ...decision('rollback'),
  ...decision('retry'),
  { verb: 'hold', args: ['cluster-1', ...WHY], meets: of('/v1/holds/cluster-1', ORDERED), code: 0 },
  {
    verb: 'hold',
    args: ['cluster-1', ...WHY],
    meets: of('/v1/holds/cluster-1', [404, 'cluster-not-found']),
    code: 2,
  },
  {
    verb: 'unhold',
    args: ['cluster-1', ...WHY],
    meets: of('/v1/holds/cluster-1', ORDERED),
    code: 0,
  },
  { verb: 'unhold', args: ['cluster-1'], meets: {}, code: 2 },
  { verb: 'holds', meets: of('/v1/holds', { holds: [] }), code: 0 },
  { verb: 'holds', meets: of('/v1/holds', [422, 'no-records']), code: 2 },
  {
    verb: 'freeze',
    args: WHY,
    meets: of('/v1/freezes', { dryRun: false, freeze: FREEZE }),
    code: 0,
  },
  { verb: 'freeze', meets: {}, code: 2 },
  {
    verb: 'unfreeze',
    args: ['f', ...WHY],
    meets: of('/v1/freezes/f', { dryRun: false, freeze: FREEZE }),
    code: 0,
  },
  { verb: 'unfreeze', args: ['f', ...WHY], meets: {}, code: 2 },
  { verb: 'freezes', meets: of('/v1/freezes', { freezes: [] }), code: 0 },
  { verb: 'freezes', meets: of('/v1/freezes', { freezes: [FREEZE] }), code: 1 },
  { verb: 'history', meets: of('/v1/history', { events: [] }), code: 0 },
  { verb: 'history', meets: of('/v1/history', [422, 'no-history']), code: 2 },
  { verb: 'config check', args: [FULL], meets: {}, code: 0 },
  { verb: 'config check', args: ['-'], meets: {}, code: 1 },
  { verb: 'config check', args: ['/nonexistent'], meets: {}, code: 2 },
  { verb: 'config schema', meets: {}, code: 0 },
  { verb: 'gate render', meets: {}, heavy: { renderGate: async () => 'gate' }, code: 0 },
  { verb: 'gate render', meets: {}, heavy: { renderGate: absent }, code: 2 },
  { verb: 'preflight', meets: {}, heavy: { openFleet: absent }, code: 2 },
  { verb: 'preflight', meets: {}, heavy: { openFleet: late }, code: 3 },
  ...['list', 'replay', 'drop'].flatMap((verb): Row[] => {
    const asked = { verb: `letters ${verb}`, args: verb === 'drop' ? ['--all'] : [], meets: {} };
    return [
      { ...asked, heavy: { openLetters: absent }, code: 2 },
      { ...asked, heavy: { openLetters: late }, code: 3 },
    ];
  }),
  { verb: 'letters drop', meets: {}, code: 2 },
  { verb: 'local up', meets: {}, heavy: { runLocal: async () => 0 }, code: 0 },
  { verb: 'local up', meets: {}, heavy: { runLocal: async () => 1 }, code: 1 },
  { verb: 'local demo', meets: {}, heavy: { runDemo: async () => 0 }, code: 0 },
  { verb: 'local demo', args: ['--effect', 'none'], meets: {}, code: 2 },
  ...['stop', 'start'].flatMap((act): Row[] => {
    const asked = { verb: `local ${act}`, args: ['push'], meets: {} };
    return [
      { ...asked, heavy: { steerLocal: async () => 'done' }, code: 0 },
      { ...asked, heavy: { steerLocal: absent }, code: 2 },
      { ...asked, args: ['page'], code: 2 },
    ];
  }),
  ...NEW_ROWS,
  { verb: 'context list', meets: {}, code: 0 },
  { verb: 'context add', args: ['a'], meets: {}, code: 2 },
  { verb: 'context use', args: ['a'], meets: {}, code: 2 },
  { verb: 'context show', meets: {}, code: 2 },
  { verb: 'context remove', args: ['a'], meets: {}, code: 2 },
];

const API_VERBS = VERBS.filter(({ kind }) => kind === 'api').map(nameOf);

function nameOf({ noun, name }: { readonly noun?: string; readonly name: string }): string {
  return noun === undefined ? name : `${noun} ${name}`;
}

/** As each is written where it is understood. */
function goodArgsOf(verb: string): readonly string[] {
  return TABLE.find((row) => row.verb === verb && row.code === 0)?.args ?? [];
}

describe('exit codes', () => {
  it('are known of every verb', () => {
    const known = new Set(TABLE.map(({ verb }) => verb));
    const program = createProgram({ out: () => undefined, err: () => undefined }, async () => {});
    const commands = program.commands.flatMap((command) =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.map((one) => `${command.name()} ${one.name()}`),
    );
    expect(commands.filter((name) => name !== 'help').toSorted()).toEqual(
      VERBS.map(nameOf).toSorted(),
    );
    expect(VERBS.map(nameOf).filter((verb) => !known.has(verb))).toEqual([]);
  });

  it.each(TABLE)('$verb $args: $code', async ({ verb, args = [], meets, heavy = {}, code }) => {
    const ran = await run([...verb.split(' '), ...args], meets, heavy);
    // What cannot be known, and what was late, is said.
    const said = ran.err + ran.out === '' ? 'silent' : 'said';
    expect({ ...ran, said: code > 1 ? said : 'said' }).toMatchObject({ code, said: 'said' });
  });

  it.each(API_VERBS)(
    'of %s is 2 for a service that is away, a bad token and a bad URL',
    async (verb) => {
      const args = [...verb.split(' '), ...goodArgsOf(verb)];
      // A wait is for a service that comes back.
      const away = await run(args, of('*', [503, 'store-unavailable']), {});
      const token = await run(args, of('*', [401, 'unauthenticated']), {});
      const url = await run([...args, '--url', 'countersign.example'], {}, {});
      expect([away.code, token.code, url.code]).toEqual([2, 2, 2]);
      expect(token.err).toContain('COUNTERSIGN_TOKEN');
      expect(url.err).toContain('write https://countersign.example');
    },
  );

  it.each(API_VERBS.filter((verb) => verb !== 'wait'))(
    'of %s is 3 where the time was up',
    async (verb) => {
      const args = [...verb.split(' '), ...goodArgsOf(verb)];
      expect((await run(args, of('*', [504, 'deadline-exceeded']), {})).code).toBe(3);
    },
  );

  it.each(VERBS.map(nameOf))(
    'of %s is 2 for an option that there is not, 0 for its help',
    async (verb) => {
      const args = verb.split(' ');
      expect((await run([...args, '--no-such-option'], {}, {})).code).toBe(2);
      const help = await run([...args, '--help'], {}, {});
      expect(help.code).toBe(0);
      expect(help.out).toContain(`Usage: countersign ${verb}`);
    },
  );

  it.each([
    [[]],
    [['nothing']],
    [['rollout']],
    [['rollout', 'nothing']],
    [['-o', 'xml', 'status']],
  ])('are 2 for %j', async (args) => {
    expect((await run(args, {}, {})).code).toBe(2);
  });
});
