import type { Random } from '#test/faults/random.ts';
import { POLICIES, type PolicyName } from './trust.ts';

/** One thing that people, pipelines or misfortune do. `image`, `sync` and `cluster` are places in the world's lists. */
export type Deed =
  | {
      readonly does: 'push';
      readonly image: number;
      readonly signed: Signed;
      readonly bad: boolean;
    }
  | { readonly does: 'sign'; readonly image: number }
  | { readonly does: 'attest'; readonly image: number }
  | { readonly does: 'move-back'; readonly image: number }
  | { readonly does: 'delete-tag'; readonly image: number }
  | { readonly does: 'mend-tag'; readonly image: number }
  | { readonly does: 'unsign'; readonly image: number }
  | { readonly does: 'recreate'; readonly sync: number }
  | { readonly does: 'break-glass' | 'mend-glass'; readonly sync: number }
  | { readonly does: 'wrong-spec' | 'right-spec'; readonly sync: number }
  | { readonly does: 'stop-config-sync' | 'start-config-sync'; readonly cluster: number }
  | { readonly does: 'cut-off' | 'reconnect'; readonly cluster: number }
  | { readonly does: 'refuse' | 'refuse-no-more'; readonly cluster: number }
  | { readonly does: 'policy'; readonly policy: PolicyName }
  | { readonly does: 'registry-out' | 'registry-back' | 'lose-store' | 'nothing' };

export type Signed = 'before' | 'later' | 'by another key';

/** One step of a history: a deed, and the time that passes after it. */
export interface Step {
  readonly deed: Deed;
  readonly waitMs: number;
  /** Functions are killed, calls fail, messages are lost, late and doubled in that time. */
  readonly rough: boolean;
  /** The time ends with nothing left to do, and what is shown then must be true. */
  readonly quiet: boolean;
}

/** How many there are of each. */
export interface Size {
  readonly images: number;
  readonly syncs: number;
  readonly clusters: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Longer than every grace and the time between two looks together. */
export const QUIET_MS = 17 * MINUTE;
/** Longer than a good verdict is kept in memory. */
const LONG_QUIET_MS = 66 * MINUTE;
/** Back-offs that begin in rough times end in quiet ones. */
const ROUGH_MS = 3 * MINUTE;
/** How many histories begin with a theme. */
const THEMED = 0.4;
const STEPS = { least: 2, more: 6 };

/** How often each is done, in relation to the others. */
const WEIGHTS: Readonly<Record<Deed['does'], number>> = {
  push: 8,
  sign: 6,
  attest: 2,
  'move-back': 2,
  'delete-tag': 3,
  'mend-tag': 4,
  unsign: 1,
  recreate: 2,
  'break-glass': 2,
  'mend-glass': 2,
  'wrong-spec': 1,
  'right-spec': 2,
  'stop-config-sync': 3,
  'start-config-sync': 4,
  'cut-off': 2,
  reconnect: 3,
  refuse: 1,
  'refuse-no-more': 2,
  policy: 2,
  'registry-out': 1,
  'registry-back': 2,
  'lose-store': 1,
  nothing: 2,
};

export function drawSteps(size: Size, random: Random): readonly Step[] {
  const count = STEPS.least + random.below(STEPS.more);
  const drawn = Array.from({ length: count }, () => drawStep(drawDeed(size, random), random));
  return random.chance(THEMED) ? [...drawTheme(size, random), ...drawn] : drawn;
}

/** What seldom meets by chance, and is worth a look. */
function drawTheme(size: Size, random: Random): readonly Step[] {
  const image = random.below(size.images);
  const cluster = random.below(size.clusters);
  const signed = { does: 'push', image, signed: 'before', bad: false } as const;
  const unsigned = { ...signed, signed: 'later' } as const;
  const soon = (deed: Deed): Step => ({
    deed,
    waitMs: 50 + random.below(2 * SECOND),
    rough: false,
    quiet: false,
  });
  const long = (deed: Deed): Step => ({ deed, waitMs: QUIET_MS, rough: false, quiet: true });
  return random.pick([
    // The brake holds, is released, and holds once more under the policy that it held under before.
    (['next key', 'release key', 'next key'] as const).map((policy) =>
      long({ does: 'policy', policy }),
    ),
    [soon({ does: 'stop-config-sync', cluster }), long(signed), long({ does: 'nothing' })],
    [long({ ...signed, bad: true }), long(random.pick([unsigned, { does: 'delete-tag', image }]))],
    [
      ...Array.from({ length: 4 }).flatMap(() => [soon(unsigned), soon({ does: 'sign', image })]),
      long({ does: 'nothing' }),
    ],
    [
      long({ does: 'delete-tag', image }),
      soon({ does: 'mend-tag', image }),
      long({ does: 'delete-tag', image }),
      long({ does: 'mend-tag', image }),
    ],
  ]);
}

function drawDeed(size: Size, random: Random): Deed {
  let draw = random.below(DEEDS.reduce((sum, deed) => sum + WEIGHTS[deed], 0));
  const does = DEEDS.find((deed) => (draw -= WEIGHTS[deed]) < 0) ?? 'nothing';
  const image = random.below(size.images);
  const sync = random.below(size.syncs);
  const cluster = random.below(size.clusters);
  switch (does) {
    case 'push':
      return {
        does,
        image,
        signed: random.pick(['before', 'later', 'later', 'by another key'] as const),
        bad: random.chance(0.2),
      };
    case 'sign':
    case 'attest':
    case 'move-back':
    case 'delete-tag':
    case 'mend-tag':
    case 'unsign':
      return { does, image };
    case 'recreate':
    case 'break-glass':
    case 'mend-glass':
    case 'wrong-spec':
    case 'right-spec':
      return { does, sync };
    case 'stop-config-sync':
    case 'start-config-sync':
    case 'cut-off':
    case 'reconnect':
    case 'refuse':
    case 'refuse-no-more':
      return { does, cluster };
    case 'policy':
      return { does, policy: random.pick(POLICIES) };
    default:
      return { does };
  }
}

const DEEDS = [
  'push',
  'sign',
  'attest',
  'move-back',
  'delete-tag',
  'mend-tag',
  'unsign',
  'recreate',
  'break-glass',
  'mend-glass',
  'wrong-spec',
  'right-spec',
  'stop-config-sync',
  'start-config-sync',
  'cut-off',
  'reconnect',
  'refuse',
  'refuse-no-more',
  'policy',
  'registry-out',
  'registry-back',
  'lose-store',
  'nothing',
] as const satisfies readonly Deed['does'][];

function drawStep(deed: Deed, random: Random): Step {
  const kind = random.next();
  const rough = random.chance(0.25);
  if (kind < 0.35) {
    const waitMs = deed.does === 'unsign' && random.chance(0.5) ? LONG_QUIET_MS : QUIET_MS;
    return { deed, waitMs, rough, quiet: true };
  }
  const most = kind < 0.6 ? 3 * SECOND : kind < 0.8 ? 60 * SECOND : 6 * MINUTE;
  return { deed, waitMs: 100 + random.below(most), rough, quiet: false };
}

/** How much of a step's time is rough. */
export function roughMs({ rough, waitMs }: Step): number {
  return rough ? Math.min(waitMs, ROUGH_MS) : 0;
}
