import { expect, it, vi } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { type LateFunction, type OpenedFunction, openLater } from '#shared/http/open-later.ts';
import { recordLog } from '#test/fakes/log.ts';
import { PATIENCE } from '#test/patience.ts';

const HEALTH = 'http://function.test/health';
const WORK = 'http://function.test/work';

interface World {
  readonly late: LateFunction;
  readonly lines: ReturnType<typeof recordLog>['lines'];
  readonly exits: number[];
  readonly open: () => void;
  readonly fail: (error: unknown) => void;
  readonly counted: { opened: number; warmed: number; closed: number };
}

function start(): World {
  const { log, lines } = recordLog();
  const { promise, resolve, reject } = Promise.withResolvers<OpenedFunction>();
  const exits: number[] = [];
  const counted = { opened: 0, warmed: 0, closed: 0 };
  const late = openLater({
    log,
    process: { exit: (code) => exits.push(code) },
    open() {
      counted.opened += 1;
      return promise;
    },
  });
  const opened: OpenedFunction = {
    app: { fetch: ({ url }) => new Response(`opened for ${new URL(url).pathname}`) },
    async warmUp() {
      counted.warmed += 1;
      throw new Error('The network is down');
    },
    async close() {
      counted.closed += 1;
    },
  };
  return { late, lines, exits, open: () => resolve(opened), fail: reject, counted };
}

async function ask({ late }: World, url: string, method = 'GET'): Promise<[number, string]> {
  const answer = await late.app.fetch(new Request(url, { method }));
  return [answer.status, await answer.text()];
}

it('is healthy before it is open, and does not open for that question alone', async () => {
  const world = start();
  expect(await ask(world, HEALTH)).toEqual([200, '{"status":"ok"}']);
  expect((await ask(world, HEALTH, 'HEAD'))[0]).toBe(200);
  expect(world.counted.opened).toBe(0);
});

it('opens once for all who ask for more, and they wait', async () => {
  const world = start();
  const asked = [ask(world, WORK), ask(world, WORK), ask(world, HEALTH, 'POST')];
  let answered = 0;
  for (const one of asked) void one.then(() => (answered += 1));
  await vi.waitFor(() => expect(world.counted.opened).toBe(1), PATIENCE);
  expect(answered).toBe(0);
  expect(await ask(world, HEALTH)).toEqual([200, '{"status":"ok"}']);
  world.open();
  expect(await Promise.all(asked)).toEqual([
    [200, 'opened for /work'],
    [200, 'opened for /work'],
    [200, 'opened for /health'],
  ]);
  expect(await ask(world, HEALTH)).toEqual([200, 'opened for /health']);
  expect(world.counted.opened).toBe(1);
});

it('opens soon without being asked', async () => {
  const world = start();
  world.late.openSoon();
  expect(world.counted.opened).toBe(0);
  await vi.waitFor(() => expect(world.counted.opened).toBe(1), PATIENCE);
});

it('warms up once it is open, whatever comes of that', async () => {
  const world = start();
  const asked = ask(world, WORK);
  expect(world.counted.warmed).toBe(0);
  world.open();
  await asked;
  await vi.waitFor(() => expect(world.counted.warmed).toBe(1), PATIENCE);
  expect(await ask(world, WORK)).toEqual([200, 'opened for /work']);
  expect(world.counted.warmed).toBe(1);
  expect([world.lines, world.exits]).toEqual([[], []]);
});

it('says why it cannot open, once, and exits with 1', async () => {
  const world = start();
  world.late.openSoon();
  const asked = Promise.allSettled([ask(world, WORK), ask(world, WORK)]);
  world.fail(new CountersignError('bad-config', 'No such topic'));
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await vi.waitFor(() => expect(world.exits).toEqual([1]), PATIENCE);
  expect(world.lines).toEqual([
    expect.objectContaining({
      error: expect.objectContaining({ code: 'bad-config' }),
      message: 'Function cannot start',
    }),
  ]);
});

it('closes what was opened, and opens nothing to close it', async () => {
  const world = start();
  await world.late.close();
  expect(world.counted).toEqual({ opened: 0, warmed: 0, closed: 0 });
  const asked = ask(world, WORK);
  const closing = world.late.close();
  world.open();
  await Promise.all([asked, closing]);
  expect(world.counted).toMatchObject({ opened: 1, closed: 1 });
});
