import { createHash } from 'node:crypto';

/** Everything that happens in a campaign, in order: counted, hashed, and kept for the story. */
export interface Journal {
  count(name: string, by?: number): void;
  /** Notes what happened to an RSync, an image, a cluster or the world. */
  step(subject: string, what: string): void;
  /** The last steps about any of these, oldest first, up to a moment: the last one of the first, where none is given. */
  story(subjects: readonly string[], moment?: number): readonly string[];
  /** Every step, in order. */
  steps(): readonly string[];
  counts(): Readonly<Record<string, number>>;
  /** Hash of every step: two runs that agree on it did the same things in the same order. */
  hash(): string;
}

/** How much of a story is printed. */
const STEPS = 30;

interface Step {
  readonly at: number;
  readonly order: number;
  readonly text: string;
}

export function createJournal(now: () => number, start: number): Journal {
  const hash = createHash('sha256');
  const counts = new Map<string, number>();
  const steps = new Map<string, Step[]>();
  let order = 0;
  return {
    count(name, by = 1) {
      counts.set(name, (counts.get(name) ?? 0) + by);
    },
    step(subject, what) {
      const text = `${sinceStart(now() - start)} ${subject}: ${what}`;
      hash.update(`${text}\n`);
      order += 1;
      const known = steps.get(subject) ?? [];
      known.push({ at: now(), order, text });
      steps.set(subject, known);
    },
    story(subjects, moment) {
      const until = moment ?? steps.get(subjects[0] ?? '')?.at(-1)?.at ?? now();
      return [...new Set(subjects)]
        .flatMap((subject) =>
          (steps.get(subject) ?? []).filter(({ at }) => at <= until).slice(-STEPS),
        )
        .toSorted((one, other) => one.order - other.order)
        .slice(-STEPS)
        .map(({ text }) => text);
    },
    steps: () =>
      [...steps.values()]
        .flat()
        .toSorted((one, other) => one.order - other.order)
        .map(({ text }) => text),
    counts: () => Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    hash: () => hash.copy().digest('hex').slice(0, 16),
  };
}

/** `hh:mm:ss.mmm` since the campaign began. */
function sinceStart(milliseconds: number): string {
  const time = new Date(milliseconds).toISOString();
  return time.slice(11, 23);
}
