import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import { readUsage } from '../process/read-usage.ts';
import type { Server } from '../process/spawn-server.ts';
import type { LoadResult, LoadTask } from './load-process.ts';
import type { AdmissionWorld } from './open-world.ts';
import { reviewBody } from './review-body.ts';

/**
 * What a review finds: nothing new, a digest looked at before, one never seen, that with a registry elsewhere, and none to
 * ask.
 */
export type Kind = 'unchanged' | 'seen' | 'unseen' | 'unseen, 20 ms away' | 'registry down';

const AWAY_MS = 20;

const CONNECTIONS = 16;
const SAMPLES = 5;
const FOR_MS = 3_000;
const QUICK = { samples: 1, forMs: 300 };
const WARM_UP_MS = 2_000;
const NEVER = '@sha256:';

interface Sample extends LoadResult {
  readonly cpuMs: number;
}

export async function measureKind(
  world: AdmissionWorld,
  kind: Kind,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const { samples, forMs } = quick ? QUICK : { samples: SAMPLES, forMs: FOR_MS };
  const ours: Sample[] = [];
  const floors: Sample[] = [];
  const looks: Sample[] = [];
  const isUnseen = kind.startsWith('unseen');
  world.keepAway(kind === 'unseen, 20 ms away' ? AWAY_MS : 0);
  const warm = quick ? forMs : WARM_UP_MS;
  if (!isUnseen) await run(world, world.admission, taskOf(world, kind, 0, 1), warm);
  await run(world, world.bare, taskOf(world, 'seen', 0, 1), warm);
  for (let at = 0; at < samples; at += 1) {
    say(`${kind}, ${at + 1}`);
    const task = taskOf(world, kind, at, samples);
    ours.push(await run(world, world.admission, task, forMs));
    floors.push(await run(world, world.bare, { ...task, once: false }, forMs));
    if (isUnseen) looks.push(await run(world, world.looking, task, forMs));
  }
  const refused = ours.reduce((sum, one) => sum + one.refused, 0);
  if (refused > 0) throw new Error(`${refused} reviews were refused that are ${kind}`);
  const name = { name: 'a bare HTTPS server' };
  const [rate, tail] = kind === 'seen' ? BUDGETS : [{}, {}];
  const both = (
    pick: (one: Sample) => number,
  ): { ours: number[]; floor: { name: string; samples: number[] } } => ({
    ours: ours.map(pick),
    floor: { ...name, samples: floors.map(pick) },
  });
  return [
    figureOf({ what: `${kind}, reviews`, unit: '1/s', ...both((one) => one.perSecond), ...rate }),
    figureOf({ what: `${kind}, p50`, unit: 'ms', ...both((one) => one.p50Ms) }),
    figureOf({ what: `${kind}, p99`, unit: 'ms', ...both((one) => one.p99Ms), ...tail }),
    figureOf({
      what: `${kind}, CPU a review`,
      unit: 'ms',
      ...both(({ cpuMs, requests }) => cpuMs / requests),
    }),
    ...(isUnseen ? besideRequests(kind, ours, looks) : []),
  ];
}

/** Beside the requests of a look alone, in as few rounds as the protocol allows. */
function besideRequests(
  kind: Kind,
  ours: readonly Sample[],
  looks: readonly Sample[],
): readonly Figure[] {
  const both = (pick: (one: Sample) => number) => ({
    ours: ours.map(pick),
    floor: { name: 'its requests alone', samples: looks.map(pick) },
  });
  const budget = { of: 'ratio', limit: 1.3 } as const;
  return [
    figureOf({ what: `${kind}: p50`, unit: 'ms', ...both((one) => one.p50Ms), budget }),
    figureOf({
      what: `${kind}: CPU a review`,
      unit: 'ms',
      ...both(({ cpuMs, requests }) => cpuMs / requests),
    }),
  ];
}

/** docs/performance.md#budgets, of a digest seen before. */
const BUDGETS = [
  { budget: { of: 'ratio', limit: 0.5, atLeast: true } },
  { budget: { of: 'ratio', limit: 3 } },
] as const;

function taskOf(
  { image, announced }: AdmissionWorld,
  kind: Kind,
  at: number,
  samples: number,
): Pick<LoadTask, 'bodies' | 'once'> {
  const [seen = ''] = announced;
  const before = `${image}${NEVER}${'0'.repeat(64)}`;
  const body = (to: string, serial: number, from = before): string =>
    reviewBody({ image, from, to, uid: `uid-${serial}` });
  if (kind === 'unchanged') return { bodies: [body(seen, 0, seen)] };
  if (kind === 'seen' || kind === 'registry down') return { bodies: [body(seen, 0)] };
  // The first one is what has been seen; half of the others are for a registry that is away.
  const share = Math.floor((announced.length - 1) / samples / 2);
  const first = 1 + (kind === 'unseen' ? at : samples + at) * share;
  const own = announced.slice(first, first + share);
  return { bodies: own.map((to, serial) => body(to, serial)), once: true };
}

async function run(
  world: AdmissionWorld,
  server: Server,
  task: Pick<LoadTask, 'bodies' | 'once'>,
  forMs: number,
): Promise<Sample> {
  const before = await readUsage(server.pid);
  const { url } = server;
  const result = await world.load({ ...task, url, connections: CONNECTIONS, forMs });
  const after = await readUsage(server.pid);
  return { ...result, cpuMs: after.cpuMs - before.cpuMs };
}
