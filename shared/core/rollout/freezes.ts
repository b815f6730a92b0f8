import { createSelector } from '../label-selector.ts';
import type { Reference } from '../reference.ts';
import type { Labels, Strategy } from './strategy.ts';
import { type Freeze, type WallClock, createWallClock, isFrozen } from './windows.ts';

/** One freeze that a person set, as it is recorded. */
export interface PersonFreeze {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  /** Since when, ISO 8601. */
  readonly at: string;
  /** `host/path`, or `host/path:tag`; absent: all images. */
  readonly image?: string;
  /** Label selector over memberships; absent: all clusters. */
  readonly clusters?: string;
  /** ISO 8601; absent: until a person lifts it. */
  readonly until?: string;
  /** When it was last published that it holds, ISO 8601. */
  readonly saidAt: string;
}

/** The freezes of people, as they were read at one moment. */
export interface Freezing {
  /** Those that are about an image: about that very reference, its repository, or all. */
  of(image: Pick<Reference, 'repository' | 'tag'>): readonly Freeze[];
  /** The one that holds for an image in a cluster; undefined: none does. */
  find(image: Pick<Reference, 'repository' | 'tag'>, labels: Labels, now: Date): Freeze | undefined;
  /** A strategy of the config with the freezes that are about an image. */
  with(strategy: Strategy, image: Pick<Reference, 'repository' | 'tag'>): Strategy;
}

/** The id of the freeze that stands for those that are lost. */
const LOST = 'lost';

/**
 * What stands for freezes that are lost or unreadable: which they were is not known, so that all is frozen, until a
 * person lifts it.
 *
 * @example
 * const { id } = lostFreeze(now); // 'lost'
 */
export function lostFreeze(now: Date): PersonFreeze {
  const at = now.toISOString();
  const reason =
    'The freezes are lost or cannot be read: freeze anew what is to stay frozen, then lift this one';
  return { id: LOST, by: 'countersign', reason, at, saidAt: at };
}

/**
 * The freezes that hold by what was found: where that is lost, the one of everything.
 *
 * @example
 * const freezing = createFreezing(freezesIn(await freezes.read(), now()));
 */
export function freezesIn(
  { freezes, lost }: { readonly freezes: readonly PersonFreeze[]; readonly lost: boolean },
  now: Date,
): readonly PersonFreeze[] {
  return lost ? [lostFreeze(now)] : freezes;
}

const EVER = '0000-01-01 00:00';
const NEVER = '9999-12-31 23:59';
const MINUTE_MS = 60_000;
const LAST_MS = Date.parse('9999-12-31T23:59:00Z');

let utcClock: WallClock | undefined;

/** Made when a person froze something: the first clock has the runtime load its calendars, a tenth of a start. */
function utc(): WallClock {
  utcClock ??= createWallClock('UTC');
  return utcClock;
}

/**
 * Freezes of people, ready to be asked. A selector that cannot be read selects every cluster: what was frozen by it must
 * not go on.
 *
 * @example
 * const freezing = createFreezing(found.freezes);
 * freezing.find(reference, member.labels, now)?.person?.reason
 */
export function createFreezing(found: readonly PersonFreeze[]): Freezing {
  const all = found.map((one) => ({ image: one.image, freeze: freezeOf(one) }));
  const made = new WeakMap<Strategy, Map<string, Strategy>>();

  function of({ repository, tag }: Pick<Reference, 'repository' | 'tag'>): readonly Freeze[] {
    return all
      .filter(({ image }) => image === undefined || isAbout(image, repository, tag))
      .map(({ freeze }) => freeze);
  }

  return {
    of,
    find: (image, labels, now) =>
      of(image).find((freeze) => isFrozen(freeze, now) && freeze.selects(labels)),
    with(strategy, image) {
      const mine = of(image);
      if (mine.length === 0) return strategy;
      const known = made.get(strategy) ?? new Map<string, Strategy>();
      made.set(strategy, known);
      const key = mine.map(({ name }) => name).join('\n');
      // One for all images: clocks are looked at once for each.
      const frozen = known.get(key) ?? { ...strategy, freezes: [...mine, ...strategy.freezes] };
      known.set(key, frozen);
      return frozen;
    },
  };
}

/** Compared whole: a repository that begins with the name of another one is none of its. */
function isAbout(image: string, repository: string, tag: string | undefined): boolean {
  return image === repository || (tag !== undefined && image === `${repository}:${tag}`);
}

function freezeOf({ id, by, reason, clusters, until }: PersonFreeze): Freeze {
  return {
    name: id,
    clock: utc(),
    // From when it is known on: no clock decides whether it has begun.
    from: EVER,
    to: until === undefined ? NEVER : endOf(until),
    selects: selectorOf(clusters),
    person: until === undefined ? { by, reason } : { by, reason, until },
  };
}

/** To the full minute, and not before its time; no year of more digits, which as text is before all others. */
function endOf(until: string): string {
  const end = endMs(until);
  return end < LAST_MS ? utc()(new Date(end)).text : NEVER;
}

function endMs(until: string): number {
  return Math.ceil(Date.parse(until) / MINUTE_MS) * MINUTE_MS;
}

function selectorOf(text: string | undefined): Freeze['selects'] {
  try {
    return createSelector(text);
  } catch {
    return () => true;
  }
}

/**
 * Whether the time of a freeze has passed. A time that cannot be read never does.
 *
 * @example
 * const ended = freezes.filter((freeze) => isOver(freeze, now));
 */
export function isOver({ until }: Pick<PersonFreeze, 'until'>, now: Date): boolean {
  return until !== undefined && endMs(until) <= now.getTime();
}

/**
 * What holds, in one sentence for people.
 *
 * @example
 * sayFreeze(freeze) // 'Frozen by ops@acme.example until a person lifts f-1a2b3c4d: INC-7'
 */
export function sayFreeze({ name, to, person, clock }: Freeze): string {
  if (person === undefined) return `Freeze ${name} lasts until ${to} ${clock.timeZone}`;
  const { by, reason, until } = person;
  const end = until === undefined ? `until a person lifts ${name}` : `until ${until} (${name})`;
  return `Frozen by ${by} ${end}: ${reason}`;
}

/**
 * Whether a freeze has an end that a clock comes to.
 *
 * @example
 * const opening = nextOpening(windows, freezes.filter(endsByItself), now);
 */
export function endsByItself({ person }: Freeze): boolean {
  return person === undefined || person.until !== undefined;
}
