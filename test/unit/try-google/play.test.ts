import { describe, expect, test } from 'vitest';
import { type PlayDeps, play, type Ran, type State, undo } from '#test/try-google/play.ts';
import { reportInto } from '#test/try-google/report.ts';
import { fill, type Step, wordsOf } from '#test/try-google/step.ts';
import { trySteps } from '#test/try-google/steps.ts';

const RIGHT: Ran = { code: 0, stdout: '', stderr: '' };
const FRESH: State = { facts: { PROJECT: 'acme-prod' }, begun: [] };

interface World {
  readonly deps: PlayDeps;
  /** What was run, as typed. */
  readonly ran: string[];
  readonly written: Map<string, string>;
  readonly remembered: State[];
  readonly stop: AbortController;
}

/** Programs that answer by the first of their table that the command begins with; a clock that pauses move. */
function openWorld(answers: Readonly<Record<string, Ran | readonly Ran[]>> = {}): World {
  const stop = new AbortController();
  const ran: string[] = [];
  const written = new Map<string, string>();
  const remembered: State[] = [];
  const left = new Map(Object.entries(answers).map(([run, ones]) => [run, [ones].flat()]));
  let now = 0;
  const deps: PlayDeps = {
    async run(argv) {
      const typed = argv.join(' ');
      ran.push(typed);
      const found = [...left].find(([run]) => typed.startsWith(run))?.[1] ?? [];
      return (found.length > 1 ? found.shift() : found[0]) ?? RIGHT;
    },
    async write(file, text) {
      written.set(file, text);
    },
    async remember(state) {
      remembered.push(state);
    },
    say: () => undefined,
    now: () => now,
    async pause(ms) {
      now += ms;
    },
    stop: stop.signal,
  };
  return { deps, ran, written, remembered, stop };
}

const STEPS: readonly Step[] = [
  {
    id: 'first',
    title: 'First',
    files: { 'a.yaml': 'project: $PROJECT\n' },
    commands: [{ run: 'make one', keep: 'ONE' }],
    undo: [{ run: 'remove one $ONE' }],
  },
  {
    id: 'second',
    title: 'Second',
    commands: [{ run: 'make two', prints: 'ready', minutes: 1 }],
    undo: [{ run: 'remove two' }, { run: 'remove more' }],
  },
  {
    id: 'third',
    title: 'Third',
    commands: [{ run: 'make three' }],
    undo: [{ run: 'remove three' }],
  },
];

const READY: Ran = { code: 0, stdout: 'ready\n', stderr: '' };
const ONE: Ran = { code: 0, stdout: 'the-first\n', stderr: '' };

describe('a try', () => {
  test('runs every step, keeps what commands print, and waits for what takes time', async () => {
    const world = openWorld({ 'make one': ONE, 'make two': [RIGHT, RIGHT, READY] });
    const { outcomes, state } = await play(STEPS, FRESH, world.deps);
    expect(outcomes.map(({ status, seconds }) => [status, seconds])).toEqual([
      ['held', 0],
      ['held', 10],
      ['held', 0],
    ]);
    expect(state.facts['ONE']).toBe('the-first');
    expect(world.written.get('a.yaml')).toBe('project: acme-prod\n');
  });

  const WRONG: readonly { what: string; ran: Ran; reason: string }[] = [
    {
      what: 'another exit code',
      ran: { ...READY, code: 3, stderr: 'denied' },
      reason: 'make two: exit code 3, not 0\nready\ndenied',
    },
    {
      what: 'a program that is not there',
      ran: { ...RIGHT, code: 127 },
      reason: 'make two: the program is not there',
    },
    {
      what: 'other text, to the end of its time',
      ran: RIGHT,
      reason: 'make two: prints no "ready"',
    },
  ];
  test.each(WRONG)('stops at $what, and reaches nothing after it', async ({ ran, reason }) => {
    const world = openWorld({ 'make one': ONE, 'make two': ran });
    const { outcomes } = await play(STEPS, FRESH, world.deps);
    expect(outcomes.map(({ status }) => status)).toEqual(['held', 'did not hold', 'not reached']);
    expect(outcomes[1]?.reason).toBe(reason);
  });

  test('prints nothing of a secret', async () => {
    const world = openWorld({ token: { code: 1, stdout: 'ya29.secret', stderr: 'ya29.secret' } });
    const steps = [{ id: 'a', title: 'A', commands: [{ run: 'token', secret: true as const }] }];
    const { outcomes } = await play(steps, FRESH, world.deps);
    expect(outcomes[0]?.reason).toBe('token: exit code 1, not 0');
  });

  test('reaches nothing more once a person stops it', async () => {
    const world = openWorld({ 'make one': ONE });
    world.stop.abort();
    const { outcomes, state } = await play(STEPS, FRESH, world.deps);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill('not reached'));
    expect([state.begun, world.ran]).toEqual([[], []]);
  });
});

describe('its clean end', () => {
  test('removes what was begun, the last first, also where a step stopped half-way', async () => {
    const world = openWorld({ 'make one': ONE, 'make two': { ...RIGHT, code: 1 } });
    const { state } = await play(STEPS, FRESH, world.deps);
    world.ran.length = 0;
    expect(await undo(STEPS, state, world.deps)).toEqual([]);
    expect(world.ran).toEqual(['remove two', 'remove more', 'remove one the-first']);
  });

  test('goes on after a removal that fails, and names it', async () => {
    const world = openWorld({ 'remove two': { ...RIGHT, code: 1 } });
    const state = { facts: { ONE: 'x' }, begun: ['first', 'second'] };
    expect(await undo(STEPS, state, world.deps)).toEqual(['remove two']);
    expect(world.ran).toEqual(['remove two', 'remove more', 'remove one x']);
  });

  test('knows what to remove when the process was killed in the middle of a step', async () => {
    const world = openWorld({ 'make one': ONE });
    const killed: State[] = [];
    const deps: PlayDeps = {
      ...world.deps,
      async run(argv, at, signal) {
        if (argv.join(' ') === 'make two') killed.push(...world.remembered.slice(-1));
        return (await world.deps.run(argv, at, signal)) && READY;
      },
    };
    await play(STEPS, FRESH, deps);
    expect(killed[0]?.begun).toEqual(['first', 'second']);
    expect(killed[0]?.facts['ONE']).toBeDefined();
  });

  test.each(['NOT_FOUND: Resource not found', 'No matching objects found'])(
    'has nothing to do where nothing was made: %s',
    async (stderr) => {
      const world = openWorld({ 'remove three': { code: 1, stdout: '', stderr } });
      expect(await undo(STEPS, { facts: {}, begun: ['third'] }, world.deps)).toEqual([]);
    },
  );

  test('removes after Ctrl-C, too', async () => {
    const world = openWorld();
    world.stop.abort();
    await undo(STEPS, { facts: {}, begun: ['third'] }, world.deps);
    expect(world.ran).toEqual(['remove three']);
  });

  test('leaves what was there before', async () => {
    const steps = trySteps(undefined);
    const there = { GCR: '', RING: 'projects/p/keyRings/countersign', BUCKET: 'p_cloudbuild' };
    const state = { facts: { ...there, PROJECT: 'p' }, begun: steps.map(({ id }) => id) };
    const world = openWorld();
    await undo(steps, state, world.deps);
    expect(world.ran.filter((run) => /state rm|storage rm/.test(run))).toEqual([]);
    expect(world.ran.some((run) => run.includes('clusters delete'))).toBe(true);
    const other = openWorld();
    await undo(trySteps('mine'), state, other.deps);
    expect(other.ran.some((run) => /clusters delete|memberships delete/.test(run))).toBe(false);
  });
});

describe('wordsOf', () => {
  test('keeps quoted words and facts together', () => {
    const facts = { A: `x'; rm -rf y`, B_C: 'z' };
    expect(wordsOf({ run: `go $A '--b=c d' \${B_C}_e $NO` }, facts)).toEqual([
      'go',
      `x'; rm -rf y`,
      '--b=c d',
      'z_e',
      '$NO',
    ]);
    expect(fill('$A', { A: '' })).toBe('');
  });

  test('every step has its facts from an option or a step before it', () => {
    const known = new Set([
      'PROJECT',
      'REGION',
      'LOCATION',
      'MEMBERSHIP',
      'IMAGE',
      'KEY',
      'FOLDER',
    ]);
    for (const { files = {}, commands, undo: removals = [] } of trySteps(undefined)) {
      for (const { run, prints = '', keep } of [...commands, ...removals]) {
        const named = [...`${run} ${prints}`.matchAll(/\$\{?([A-Z_]+)/g)].map(([, name]) => name);
        expect([run, named.filter((name) => !known.has(name ?? ''))]).toEqual([run, []]);
        if (keep !== undefined) known.add(keep);
      }
      for (const text of Object.values(files)) {
        const named = [...text.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name);
        expect(named.filter((name) => !known.has(name ?? ''))).toEqual([]);
      }
    }
  });
});

function stepOf(id: string): Step {
  const found = STEPS.find((step) => step.id === id);
  if (found === undefined) throw new Error(`no step ${id}`);
  return found;
}

describe('the report', () => {
  const PAGE =
    'before\n<!-- try-google: written by `npm run try-google` -->\nold\n<!-- try-google: end -->\nafter\n';
  test('takes the place of the one before, and names no project', () => {
    const page = reportInto(PAGE, {
      outcomes: [
        { step: stepOf('first'), status: 'held', seconds: 3 },
        {
          step: stepOf('second'),
          status: 'did not hold',
          seconds: 5,
          reason: 'make acme-prod | x: exit code 1, not 0\nme@acme.example',
        },
      ],
      left: 0,
      day: '2026-11-29',
      revision: '0123456789abcdef',
      gcloud: '528.0.0',
      secrets: ['', 'acme-prod', 'me@acme.example'],
    });
    expect(page).toMatch(
      /^before\n<!-- try-google: .* -->\n[^]*<!-- try-google: end -->\nafter\n$/,
    );
    expect(page).not.toMatch(/^old$|acme/m);
    expect(page).toContain('| Second | did not hold | 5 s | make … \\| x: exit code 1, not 0 |');
  });

  test('needs its place in the page', () => {
    const nothing = { outcomes: [], left: 0, day: '', revision: '', gcloud: '', secrets: [] };
    expect(() => reportInto('no place', nothing)).toThrow('has no');
  });
});
