import type { Freezes } from '#shared/records/freezes.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import type { Journal } from '../journal.ts';
import { approvedOf, imageOf } from '../oracle/truth.ts';
import type { Verdicts } from '../oracle/violations.ts';
import type { PatchSeen } from '../ports/cluster-port.ts';
import type { Random } from '../random.ts';
import type { Clock } from '../sim/clock.ts';
import type { SimCluster } from '../sim/cluster.ts';
import type { Process } from '../sim/process.ts';
import { name } from '../sim/registry.ts';
import type { Plan, PlannedImage } from '../world.ts';
import type { InHand } from './in-hand.ts';
import type { RolloutWatch } from './watch-rollouts.ts';

/** A person who freezes what is new for some minutes, and a document of it that is lost now and then. */
export interface Freezer {
  /** As one process sees what is frozen. */
  open(process: Pick<Process, 'call' | 'name'>): Freezes;
  /** Holds what is newly approved against what was frozen when its handler asked. */
  patched(cluster: SimCluster, seen: PatchSeen): void;
  start(): void;
  /** Nothing is frozen any more. */
  calm(): void;
}

export interface FreezerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly plan: Plan;
  readonly verdicts: Verdicts;
  readonly inHand: InHand;
  readonly watch: RolloutWatch;
}

/** What is frozen: everything, where neither is named. */
interface Frozen {
  readonly image?: string;
  readonly ring?: string;
}

const MINUTE = 60_000;
const FREEZE_MS = 40 * MINUTE;
const LIFT_MS = 6 * MINUTE;
const LOST = 0.2;
const FROZEN = 'S7 nothing new is approved where a person has frozen it';

export function createFreezer(deps: FreezerDeps): Freezer {
  const { clock, random, journal, plan, verdicts, inHand, watch } = deps;
  const memory = createMemoryFreezes();
  const whole = memory.open();
  memory.set('[]');
  const history: { readonly moment: number; readonly what: Frozen | undefined }[] = [];
  let calm = false;

  function put(what: Frozen | undefined, text: string | undefined): void {
    memory.set(text);
    history.push({ moment: inHand.moment(), what });
    journal.count(what === undefined ? 'people: unfreeze' : 'people: freeze');
  }

  function freeze(): void {
    if (calm) return;
    if (random.chance(LOST)) put({}, undefined);
    else {
      const image = random.pick(plan.images);
      const what = random.pick<Frozen>([
        {},
        { image: image.reference },
        { image: image.repository, ring: 'rest' },
        { ring: 'early' },
      ]);
      put(what, textOf(what, new Date(clock.now()).toISOString()));
    }
    clock.after(random.waiting(LIFT_MS), () => {
      clock.stir();
      if (!calm) put(undefined, '[]');
      later();
    });
  }

  function later(): void {
    clock.after(random.waiting(FREEZE_MS), freeze);
  }

  function frozenAt(moment: number): Frozen | undefined {
    return history.findLast((one) => one.moment <= moment)?.what;
  }

  return {
    open: ({ call }) => ({
      read: () =>
        call('records', () => {
          const hand = inHand.current();
          if (hand !== undefined) hand.freezesRead ??= inHand.moment();
          return whole.read();
        }),
      replace: (freezes, over) => call('records', () => whole.replace(freezes, over)),
      close: () => Promise.resolve(),
    }),
    patched({ plan: of }, seen) {
      const image = imageOf(of, seen.key);
      const hand = inHand.current();
      const frozen = frozenAt(hand?.freezesRead ?? hand?.began ?? 0);
      if (image === undefined || frozen === undefined || !isAbout(frozen, image, of, seen)) return;
      const read = hand?.reads.get(image.repository) ?? hand?.began ?? 0;
      // A way back goes through, one of the tag that its owner has moved it to as well.
      const [named = ''] = seen.before.spec.oci.image.split('@');
      const over = [image.reference, named].map((tag) => watch.of(tag).recordAt(read));
      if (over.some((record) => record?.kind === 'rollback')) return;
      const had = approvedOf(seen.before) ?? [];
      for (const digest of approvedOf(seen.after) ?? []) {
        if (had.includes(digest)) continue;
        const what = `${of.name} ${seen.key} gets ${name(digest)} though ${JSON.stringify(frozen)} is frozen`;
        verdicts.violate(FROZEN, what, [`${of.name} ${seen.key}`]);
      }
    },
    start: later,
    calm() {
      calm = true;
      put(undefined, '[]');
    },
  };
}

function textOf({ image, ring }: Frozen, at: string): string {
  const clusters = ring === undefined ? {} : { clusters: `ring = ${ring}` };
  const freeze = { id: 'f-1', by: 'ops@acme.example', reason: 'as the campaign has it', at };
  return JSON.stringify([{ ...freeze, saidAt: at, ...(image && { image }), ...clusters }]);
}

function isAbout(
  { image, ring }: Frozen,
  { reference, repository }: PlannedImage,
  { labels }: SimCluster['plan'],
  { before }: PatchSeen,
): boolean {
  if (ring !== undefined && labels['ring'] !== ring) return false;
  if (image === undefined || image === repository) return true;
  const spec = before.spec.oci.image;
  return image === reference && (spec === reference || spec.startsWith(`${reference}@`));
}
