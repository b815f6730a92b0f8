import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { Freezing } from '#shared/core/rollout/freezes.ts';
import { isOutdated } from '#shared/core/rollout/fleet.ts';
import type { AskCheck } from '#shared/evidence/ask-check.ts';
import type { ImageDeps, Staging } from '#shared/reconcile/deps.ts';
import { type KnownSync, type Snapshot, syncsOf } from '#shared/reconcile/snapshot.ts';
import type { Entry } from '#shared/records/records.ts';
import { MAX_IMAGES, MAX_TAGS } from '#shared/records/schema.ts';
import { type Admissions, createAdmissions } from '#shared/rollouts/admissions.ts';
import type { FindTargetDeps } from '#shared/rollouts/find-target.ts';
import { type Found, createFindRule } from '#shared/rollouts/find-rule.ts';
import { createFleets, imageOf } from '#shared/rollouts/fleets.ts';
import { createLoad } from '#shared/rollouts/load.ts';
import { createRoom } from '#shared/rollouts/room.ts';
import { type StepDeps, step } from '#shared/rollouts/step.ts';
import type { SyncRow, Tally } from '#shared/store/store.ts';
import { forgetIdle } from './forget-idle.ts';
import { rotate } from './rotate.ts';
import { tallyRollouts } from './tally-rollouts.ts';
import { createAskChecks } from './ask-checks.ts';
import { type StagedImage, askTags } from './ask-tags.ts';

/** After this no step is begun: the next sweep begins with another image. */
const ALL_MS = 60_000;

export interface SweepRolloutsDeps
  extends Omit<StepDeps, 'records' | 'askChecks'>,
    FindTargetDeps,
    Pick<ImageDeps, 'log' | 'rules'> {
  /** Of the sweep. */
  readonly id: string;
  readonly staging: Staging;
  /** Absent: no stage of the config has checks. */
  readonly ask?: AskCheck | undefined;
}

/** A failure, as the event of a sweep lists it. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** What a sweep knows of roll-outs in stages, after each has taken its step. */
export interface SweptRollouts {
  readonly admissions: Admissions;
  /** Whether the image of a row has a strategy. */
  readonly isStaged: (row: SyncRow) => boolean;
  /** How far those are that have not ended, for people. */
  readonly tallied: Tally['rollouts'];
  /** What failed: it stops neither other roll-outs nor the sweep. */
  readonly faults: readonly Fault[];
}

/**
 * The next step of each image that has a strategy and followers, and of each that has a record. Two sweeps at once do
 * each other no harm: one of them records each step. Without `freezing` it is not known what is frozen, and none is taken.
 */
export async function sweepRollouts(
  snapshot: Snapshot,
  freezing: Freezing | undefined,
  { staging, ask, ...deps }: SweepRolloutsDeps,
): Promise<SweptRollouts> {
  const now = deps.now();
  const find = createFindRule(deps.rules, staging, freezing);
  const fleets = createFleets(snapshot, deps.rules);
  const faults: Fault[] = [];
  const known = new Map<string, Entry>();

  function note(what: string, error: unknown): void {
    const { code, message } = toFailure(error);
    deps.log.warn({ image: what, error }, 'Roll-out could not take its step');
    faults.push({ code, message: `${what}: ${message}` });
  }

  async function stepAll(): Promise<void> {
    const { records } = staging;
    const entries = await forgetIdle(await records.list(), snapshot, { ...deps, records });
    for (const entry of entries) known.set(entry.image, entry);
    const room = createRoom(entries);
    const all = rotate(imagesOf(entries, snapshot, find), now);
    const images = all.filter(({ image }) => room.take(image));
    const left = all.length - images.length;
    if (left > 0) note('Roll-outs', tooManyImages(left));
    const { brought, failures } = await askTags(images, deps.id, deps);
    for (const [image, failure] of failures) note(image, failure);
    const load = createLoad(entries, { fleets, find, now });
    const askChecks = ask && createAskChecks({ ...deps, ask });
    const stepDeps = { ...deps, records: staging.records, askChecks };
    for (const { followers, ...one } of images) {
      if (deps.now().getTime() > now.getTime() + ALL_MS) return;
      const { image, entry } = one;
      const input = {
        ...one,
        isOutdated: isRestored(entry, followers),
        fleets,
        brought: brought.get(image),
        elsewhere: load.elsewhere(image),
      };
      try {
        const { record, changed } = await step(input, stepDeps);
        if (record === undefined) continue;
        known.set(image, { image, record, known: true });
        if (changed) load.count(record);
      } catch (error) {
        note(image, error);
      }
    }
  }

  try {
    if (freezing !== undefined) await stepAll();
  } catch (error) {
    note('Roll-outs', error);
  }
  return {
    admissions: createAdmissions(known.values(), { find, now }),
    isStaged: ({ staged, image = '' }) => isStaged(find(staged?.image ?? image)),
    tallied: tallyRollouts(known.values(), { fleets, find, now }),
    faults,
  };
}

/** Each image that has a record or had one, and each that has a strategy and followers. */
function imagesOf(
  entries: readonly Entry[],
  snapshot: Snapshot,
  find: (image: string) => Found,
): readonly StagedImage[] {
  const followers = new Map<string, KnownSync[]>(entries.map(({ image }) => [image, []]));
  for (const sync of syncsOf(snapshot)) {
    const image = imageOf(sync.row);
    if (image === undefined || !isStaged(find(image))) continue;
    const before = followers.get(image);
    if (before === undefined) followers.set(image, [sync]);
    else before.push(sync);
  }
  const known = new Map(entries.map((entry) => [entry.image, entry]));
  return [...followers].map(([image, found]) => ({
    image,
    ...find(image),
    entry: known.get(image) ?? { image, known: false },
    followers: found,
  }));
}

/** Whether what clusters were let in to began after what is recorded: the record was restored from before that. */
function isRestored({ record }: Entry, followers: readonly KnownSync[]): boolean {
  return (
    record !== undefined && followers.some(({ row }) => isOutdated(record, row.staged?.receipt))
  );
}

function tooManyImages(left: number): CountersignError {
  const message = `${left} images get no record, for ${MAX_IMAGES} can have one, and ${MAX_TAGS} of one repository: nothing is newly approved for them`;
  return new CountersignError('too-large', message, { retry: false });
}

function isStaged({ strategy, isTagged }: Found): boolean {
  return isTagged && strategy !== undefined;
}
