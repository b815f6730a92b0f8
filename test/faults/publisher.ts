import type { Digest } from '#shared/core/digest.ts';
import type { Brokers } from './brokers.ts';
import type { Journal } from './journal.ts';
import { type Pusher, createPusher } from './pusher.ts';
import type { Random } from './random.ts';
import type { Clock } from './sim/clock.ts';
import type { Move, SigningKey, SimRegistry } from './sim/registry.ts';
import { digestOf } from './sim/registry.ts';
import type { Plan, PlannedImage } from './world.ts';

/** The people and pipelines that push, sign and move tags; and some who only say that they did. */
export interface Publisher {
  /** Plans so many pushes and returns when the last one is done. */
  start(pushes: number, gapMs: number): number;
  /** What has not been signed by now never will be. */
  stop(): void;
  /** One more good digest of every image that is rolled out in stages: what was stopped before stands in no one's way. */
  pushLast(): void;
}

export interface PublisherDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly plan: Plan;
  readonly registry: SimRegistry;
  readonly brokers: Brokers;
}

/** Of all pushes: so many of each kind; the rest are new images. */
const MOVED_BACK = 0.12;
const REPEATED = 0.04;
/** Another push of the same image follows at once. */
const FLURRY = 0.25;
const FLURRY_MS = 1_500;
const FORGED = 0.03;
/** How signatures come, and how late on average. */
const SIGNINGS: readonly {
  readonly share: number;
  readonly key?: SigningKey;
  readonly meanMs: number;
}[] = [
  { share: 0.45, key: 'release', meanMs: 0 },
  { share: 0.3, key: 'release', meanMs: 20_000 },
  { share: 0.1, key: 'release', meanMs: 12 * 60_000 },
  { share: 0.07, key: 'wrong', meanMs: 5_000 },
  { share: 0.08, meanMs: 0 },
];
/** A wrong signature is followed by the right one this often. */
const CORRECTED = 0.5;
const CORRECTED_MS = 3 * 60_000;

export function createPublisher(deps: PublisherDeps): Publisher {
  const { clock, random, journal, plan, registry, brokers } = deps;
  let stopped = false;

  const pusher = createPusher({ random, registry, brokers });
  const notify: Pusher['notify'] = (repository, what) => pusher.notify(repository, what);

  function sign(repository: string, subject: Digest, key: SigningKey): void {
    if (!stopped) pusher.sign(repository, subject, key);
  }

  /** Signs as the push was drawn to be signed, and returns how long the tag waits for it. */
  function drawSigning(repository: string, { top, child = top }: Omit<Move, 'at'>): number {
    let draw = random.next();
    const signing = SIGNINGS.find(({ share }) => (draw -= share) < 0);
    if (signing?.key === undefined) return 0;
    const { key, meanMs } = signing;
    // cosign signs what it is given; only with --recursive the child too.
    const signed = top !== child && random.chance(0.3) ? top : child;
    const later = meanMs === 0 ? 0 : random.waiting(meanMs);
    clock.after(later, () => sign(repository, signed, key));
    if (key === 'wrong' && random.chance(CORRECTED)) {
      clock.after(later + random.waiting(CORRECTED_MS), () => sign(repository, signed, 'release'));
    }
    return meanMs === 0 ? random.waiting(2_000) : 0;
  }

  function push(image: PlannedImage): void {
    const { repository, reference } = image;
    journal.count('pushes');
    const history = registry.moves(reference);
    if (history.length > 1 && random.chance(MOVED_BACK)) {
      journal.count('tags moved back');
      pusher.moveTo(image, random.pick(history.slice(-6)));
      return;
    }
    const current = history.at(-1);
    if (current !== undefined && random.chance(REPEATED)) {
      notify(repository, { tag: 'v1', digest: current.top });
      return;
    }
    const form = random.chance(0.2) ? 'index' : random.chance(0.03) ? 'arm-only' : 'image';
    const pushed = registry.push(repository, { form, bad: random.chance(0.06) });
    if (pushed.child !== undefined && pushed.child !== pushed.top)
      notify(repository, { digest: pushed.child });
    const wait = drawSigning(repository, pushed);
    if (wait > 0) notify(repository, { digest: pushed.top });
    clock.after(wait, () => {
      if (!stopped) pusher.moveTo(image, pushed);
    });
  }

  function forge(): void {
    journal.count('forged messages');
    const { repository } = random.pick(plan.images);
    const invented = digestOf(Buffer.from(`${random.next()}`));
    const member = random.pick(plan.clusters).name;
    const forgeries = [
      () => brokers.notify('{"action":'),
      () => brokers.notify(JSON.stringify({ action: 'INSERT', tag: 'no reference' })),
      () => brokers.notify(JSON.stringify({ action: 'DELETE', tag: `${repository}:v1` })),
      () => notify(repository, { tag: 'v1', digest: invented }),
      () => notify(repository, { tag: `sha256-${invented.slice(7)}.sig`, digest: invented }),
      () => notify('evil.example/acme/configs/image-1', { tag: 'v1', digest: invented }),
      () => brokers.publishTasks('tasks', [{ cluster: `${member}/../evil`, reason: 'push' }]),
      () =>
        brokers.publishTasks('tasks', [
          {
            cluster: member,
            reason: 'resync',
            image: 'evil.example/x',
            id: `forged-${random.next()}`,
          },
        ]),
    ];
    random.pick(forgeries)();
  }

  return {
    start(pushes, gapMs) {
      let at = 0;
      let image = random.pick(plan.images);
      for (let index = 0; index < pushes; index += 1) {
        const flurry = random.chance(FLURRY);
        if (!flurry) image = random.pick(plan.images);
        at += random.waiting(flurry ? FLURRY_MS : gapMs);
        const chosen = image;
        clock.after(at, () => push(chosen));
        if (random.chance(FORGED)) clock.after(at, forge);
      }
      return clock.now() + at;
    },
    stop() {
      stopped = true;
    },
    pushLast() {
      for (const image of plan.images.filter(({ staged }) => staged !== undefined)) {
        const pushed = registry.push(image.repository, { form: 'image', bad: false });
        pusher.sign(image.repository, pushed.top, 'release');
        pusher.moveTo(image, pushed);
      }
    },
  };
}
