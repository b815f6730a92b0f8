import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { LetterOffice } from '#functions/cli/letters/letter-office.ts';
import { settleLetters } from '#functions/cli/letters/settle-letters.ts';
import type { Clock } from '#infra/local/pubsub/backlog.ts';
import { type RunningPubsub, startPubsub } from '#infra/local/pubsub/start-pubsub.ts';
import { encodeDeadLetter } from '#shared/status/dead-letter.ts';
import { type PubsubCalls, createPubsubCalls } from '#shared/status/pubsub-calls.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';

const topicNamed = (id: string): string => `projects/local/topics/${id}`;
const subscriptionNamed = (id: string): string => `projects/local/subscriptions/${id}`;

const TOPICS = {
  tasks: topicNamed('countersign-tasks'),
  sweepTasks: topicNamed('countersign-sweep-tasks'),
  resyncTasks: topicNamed('countersign-resync-tasks'),
  status: topicNamed('countersign-status'),
  deadLetters: topicNamed('countersign-dead-letters'),
};
const LETTERS = subscriptionNamed('countersign-dead-letters-pull');
/** Pull subscriptions in place of the functions' pushes, so that a replay can be seen. */
const SOURCES = ['gcr-push', 'countersign-tasks-cluster', 'countersign-status-watch', 'other-x'];

let pubsub: RunningPubsub;
let rest: PubsubCalls;
let clock: ReturnType<typeof manualClock>;
let out = '';
let err = '';

beforeEach(async () => {
  clock = manualClock();
  pubsub = await startPubsub({ port: 0, clock });
  rest = createPubsubCalls({ emulatorHost: pubsub.host });
  for (const id of ['gcr', 'other']) await put(topicNamed(id), {});
  for (const topic of Object.values(TOPICS)) await put(topic, {});
  for (const id of SOURCES) {
    await put(subscriptionNamed(id), { topic: topicNamed(id.slice(0, id.lastIndexOf('-'))) });
  }
  await put(LETTERS, { topic: TOPICS.deadLetters, ackDeadlineSeconds: 60 });
});
afterEach(async () => {
  await rest?.close();
  await pubsub?.close();
});

async function put(name: string, body: object): Promise<void> {
  const answer = await fetch(`http://${pubsub.host}/v1/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

async function run(
  args: readonly string[],
  faults: Partial<PubsubCalls> = {},
  config: Partial<LetterOffice['config']> = {},
): Promise<number> {
  const openLetters = async (): Promise<LetterOffice> => ({
    pubsub: { ...rest, ...faults },
    config: { topics: TOPICS, ...config },
    pause: () => Promise.resolve(),
  });
  const ran = await runProgramWith(['letters', ...args], { heavy: { openLetters } });
  ({ out, err } = ran);
  return ran.code;
}

const Report = z.array(
  z.object({
    id: z.string(),
    code: z.string(),
    reason: z.string(),
    what: z.string(),
    fate: z.string(),
    topic: z.string().optional(),
    problem: z.string().optional(),
    attempts: z.number().optional(),
  }),
);

async function list(...args: string[]): Promise<z.infer<typeof Report>> {
  expect(await run(['list', '--json', ...args])).toBe(0);
  return Report.parse(JSON.parse(out));
}

/** As a function gives a message up. */
function giveUp(
  text: string,
  message: { subscription?: string; orderingKey?: string } = {},
): Promise<string> {
  const letter = encodeDeadLetter({
    code: 'bad-request',
    reason: 'data is not JSON',
    data: Buffer.from(text),
    message: { messageId: 'm1', attributes: { origin: 'ci' }, ...message },
  });
  return rest.publish(TOPICS.deadLetters, letter);
}

/** As Pub/Sub gives a message up. */
function exhaust(text: string, subscription: string): Promise<string> {
  return rest.publish(TOPICS.deadLetters, {
    data: Buffer.from(text),
    attributes: {
      reason: 'push',
      CloudPubSubDeadLetterSourceDeliveryCount: '20',
      CloudPubSubDeadLetterSourceSubscription: subscription,
      CloudPubSubDeadLetterSourceSubscriptionProject: 'local',
    },
  });
}

const onTasks = subscriptionNamed('countersign-tasks-cluster');
const TASK = JSON.stringify({ cluster: 'cluster-1', reason: 'push' });
const PUSHED = JSON.stringify({ action: 'INSERT', tag: 'us-docker.pkg.dev/p/r/i:v1' });

describe('dead-letters list', () => {
  it('shows reason, code, origin and matter of both kinds of letters, and leaves them', async () => {
    await giveUp(PUSHED, { subscription: subscriptionNamed('gcr-push') });
    await exhaust(TASK, 'countersign-tasks-cluster');
    const expected = [
      {
        code: 'bad-request',
        reason: 'data is not JSON',
        what: 'INSERT us-docker.pkg.dev/p/r/i:v1',
        topic: topicNamed('gcr'),
        fate: 'listed',
      },
      {
        code: 'deliveries-exhausted',
        attempts: 20,
        what: 'task for cluster cluster-1 (push)',
        topic: TOPICS.tasks,
      },
    ];
    expect(await list()).toMatchObject(expected);
    expect(await list()).toMatchObject(expected);
  });

  it('prints for people what cannot rule their terminal', async () => {
    await giveUp('\u001b]0;owned\u0007\u202e{', { subscription: onTasks });
    expect(await run(['list'])).toBe(0);
    expect(out).toContain('  countersign-tasks  ');
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('says so when there is nothing', async () => {
    expect(await run(['list'])).toBe(0);
    expect(out).toBe('No dead letters\n');
  });

  it('keeps to the topics and ids asked for', async () => {
    const first = await giveUp(PUSHED, { subscription: subscriptionNamed('gcr-push') });
    const second = await giveUp(TASK, { subscription: onTasks });
    const ids = async (...args: string[]): Promise<string[]> =>
      (await list(...args)).map(({ id }) => id);
    expect(await ids('--topic', 'gcr')).toEqual([first]);
    expect(await ids('--topic', TOPICS.tasks)).toEqual([second]);
    expect(await ids('--topic', 'gcr', '--topic', 'countersign-tasks')).toEqual([first, second]);
    expect(await ids('--id', second)).toEqual([second]);
    expect(await run(['list', '--id', '404'])).toBe(1);
    expect(err).toContain('No letter 404');
  });
});

describe('dead-letters replay', () => {
  it('publishes each message as it was on its own topic, and takes the letter off', async () => {
    await giveUp(TASK, { subscription: onTasks, orderingKey: 'cluster-1' });
    await exhaust(PUSHED, 'gcr-push');
    expect(await run(['replay'])).toBe(0);
    expect(await rest.pull(onTasks, 9)).toMatchObject([
      { data: Buffer.from(TASK), attributes: { origin: 'ci' }, orderingKey: 'cluster-1' },
    ]);
    const [pushed] = await rest.pull(subscriptionNamed('gcr-push'), 9);
    expect(pushed?.attributes).toEqual({ reason: 'push' });
    expect(await list()).toEqual([]);
  });

  it('is safe to run twice', async () => {
    await giveUp(TASK, { subscription: onTasks });
    expect(await run(['replay'])).toBe(0);
    expect(await run(['replay'])).toBe(0);
    expect(await rest.pull(onTasks, 9)).toHaveLength(1);
  });

  it('loses nothing when it is killed between publishing and acknowledging', async () => {
    await giveUp(TASK, { subscription: onTasks });
    const killed = new Promise<never>(() => undefined);
    const published = Promise.withResolvers<void>();
    void run(['replay'], {
      acknowledge: () => {
        published.resolve();
        return killed;
      },
    });
    await published.promise;
    // Longer than the subscription's own deadline: a run that goes on is not disturbed by another.
    clock.advance(60_001);
    expect(await list()).toEqual([]);
    clock.advance(240_000);
    expect(await run(['replay'])).toBe(0);
    expect(await rest.pull(onTasks, 9)).toHaveLength(2);
    expect(await list()).toEqual([]);
  });

  it('keeps a letter that could not be published', async () => {
    await giveUp(TASK, { subscription: onTasks });
    const gone: PubsubCalls['publish'] = () => Promise.reject(new Error('broker gone'));
    expect(await run(['replay'], { publish: gone })).toBe(1);
    expect(await list()).toHaveLength(1);
  });

  it.each([
    ['a topic that is none of ours', subscriptionNamed('other-x'), /none that Countersign reads/],
    ['the status topic', subscriptionNamed('countersign-status-watch'), /none that Countersign/],
    ['a subscription that is gone', subscriptionNamed('gone'), /is not there any more/],
    ['a name that leads elsewhere', 'projects/p/subscriptions/../topics/x', /not known/],
    ['no origin', undefined, /not known/],
  ])('keeps a letter from %s', async (_case, subscription, problem) => {
    await giveUp(TASK, subscription === undefined ? {} : { subscription });
    expect(await run(['replay', '--json'])).toBe(1);
    const [report] = Report.parse(JSON.parse(out));
    expect(report).toMatchObject({ fate: 'kept', problem: expect.stringMatching(problem) });
    expect(await list()).toHaveLength(1);
    for (const id of SOURCES) expect(await rest.pull(subscriptionNamed(id), 9)).toEqual([]);
  });

  it('replays an event where the config keeps a history, and has it listed by its type', async () => {
    const watch = subscriptionNamed('countersign-status-watch');
    const attributes = { 'ce-id': 'a'.repeat(64), type: 'sync.approved' };
    const message = { messageId: 'm1', attributes, subscription: watch };
    const data = Buffer.from('{"message":"Approved"}');
    const letter = { code: 'store-unavailable', reason: 'gone', data, message } as const;
    await rest.publish(TOPICS.deadLetters, encodeDeadLetter(letter));
    expect(await list()).toMatchObject([{ what: 'event sync.approved' }]);
    clock.advance(300_001);
    expect(await run(['replay'], {}, { history: { days: 400 } })).toBe(0);
    expect(await rest.pull(watch, 9)).toMatchObject([{ data, attributes }]);
    expect(await list()).toEqual([]);
  });

  it('replays hundreds', async () => {
    const count = 250;
    await Promise.all(Array.from({ length: count }, () => giveUp(TASK, { subscription: onTasks })));
    expect(await run(['replay'])).toBe(0);
    let replayed = 0;
    for (let page = 1; page > 0; replayed += page) page = (await rest.pull(onTasks, 1000)).length;
    expect(replayed).toBe(count);
  });
});

describe('dead-letters drop', () => {
  it('takes off what was chosen, and publishes nothing', async () => {
    const first = await giveUp(TASK, { subscription: onTasks });
    const second = await giveUp(TASK, { subscription: onTasks });
    expect(await run(['drop', '--id', first])).toBe(0);
    expect((await list()).map(({ id }) => id)).toEqual([second]);
    expect(await run(['drop', '--all'])).toBe(0);
    expect(await list()).toEqual([]);
    expect(await rest.pull(onTasks, 9)).toEqual([]);
  });
});

describe('dead-letters', () => {
  it.each(['replay', 'drop'])('changes nothing by %s --dry-run', async (verb) => {
    const id = await giveUp(TASK, { subscription: onTasks });
    expect(await run([verb, '--id', id, '--dry-run', '--json'])).toBe(0);
    expect(Report.parse(JSON.parse(out))).toMatchObject([{ fate: `would-${verb}` }]);
    expect(await list()).toHaveLength(1);
    expect(await rest.pull(onTasks, 9)).toEqual([]);
  });

  it.each([
    [[], 'Usage: '],
    [['bury'], 'bury'],
    [['list', 'more'], 'too many arguments'],
    [['list', '--unknown'], '--unknown'],
    [['drop'], 'give --id, --topic, or --all alone'],
    [['drop', '--all', '--id', '1'], 'give --id, --topic, or --all alone'],
    [['replay', '--all'], '--all'],
  ])('refuses %j', async (args, said) => {
    expect(await run(args)).toBe(2);
    expect(err).toContain(said);
  });

  it('never pulls from what is not there for it', async () => {
    for (const name of ['countersign-tasks-cluster', 'gone', onTasks]) {
      expect(await run(['drop', '--all', '--subscription', name])).toBe(2);
    }
    expect(await run(['list', '--subscription', LETTERS])).toBe(0);
    expect(await run(['list', '--subscription', 'countersign-dead-letters-pull'])).toBe(0);
  });

  it('names the fix where it cannot know which subscription to pull from', async () => {
    await put(subscriptionNamed('second'), { topic: TOPICS.deadLetters });
    expect(await run(['list'])).toBe(2);
    expect(err).toMatch(
      /--subscription one of .*countersign-dead-letters-pull.*second.*bad-config/,
    );
  });

  it('ends in time when Pub/Sub does not answer', async () => {
    const terminal = {
      out: () => undefined,
      err: () => undefined,
      live: false,
      quiet: false,
      format: 'table' as const,
      show: () => undefined,
    };
    const open = (): Promise<never> => new Promise(() => undefined);
    const late = settleLetters('list', { timeout: 20 }, { terminal, open });
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  it('runs as a command, with the config and the emulator of its environment', async () => {
    const letters = 'projects/p/topics/countersign-dead-letters';
    await put(letters, {});
    await put('projects/p/subscriptions/countersign-dead-letters-pull', { topic: letters });
    await rest.publish(letters, { data: Buffer.from(TASK), attributes: {} });
    const root = join(import.meta.dirname, '..', '..');
    const command = ['functions/cli/main.ts', 'letters', 'list', '--json'];
    const config = ['--config', 'test/fixtures/config/full.yaml'];
    const { stdout } = await promisify(execFile)(process.execPath, [...command, ...config], {
      cwd: root,
      env: { ...process.env, PUBSUB_EMULATOR_HOST: pubsub.host },
    });
    expect(Report.parse(JSON.parse(stdout))).toMatchObject([{ code: 'unknown', fate: 'listed' }]);
  });

  it('says why Pub/Sub could not be asked', async () => {
    await pubsub.close();
    expect(await run(['list'])).toBe(2);
    expect(err).toMatch(/cannot be asked about .*\(publish-failed\)/);
  });
});

function manualClock(): Clock & { advance(milliseconds: number): void } {
  let now = Date.UTC(2026, 10, 22);
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after(milliseconds, action) {
      const timer = { at: now + milliseconds, run: action };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(milliseconds) {
      now += milliseconds;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const timer of due) timer.run();
    },
  };
}
