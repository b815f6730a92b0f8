import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { type RegistryFacts, approvedOf, imageOf, liveOf, verdictAt } from '../oracle/truth.ts';
import type { Verdicts } from '../oracle/violations.ts';
import type { PatchSeen } from '../ports/cluster-port.ts';
import type { Clock } from '../sim/clock.ts';
import { type SimCluster, type SyncObject, keyOf } from '../sim/cluster.ts';
import { name } from '../sim/registry.ts';
import type { PlannedImage } from '../world.ts';
import { type Decisions, createDecisions } from './decisions.ts';
import type { InHand } from './in-hand.ts';
import { HOLD, LOOK_AGE_MS, type StageHistory } from './stage-history.ts';
import { type StageFacts, type StrategyFacts, stageIndexOf } from './staged-plan.ts';

export interface RolloutWatchDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly registry: RegistryFacts;
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly verdicts: Verdicts;
  readonly history: StageHistory;
  readonly inHand: InHand;
  /** How much two clocks of functions differ at the most. */
  readonly skewMs: number;
}

/** Holds every approval at the API servers against what the clusters before it have run, and what people decided. */
export interface RolloutWatch {
  patched(cluster: SimCluster, seen: PatchSeen): void;
  recorded(record: RolloutRecord): void;
  /** Of an image, by its reference. */
  of(image: string): Decisions;
  /** The function in hand publishes tasks. */
  tasked(): void;
}

type Staged = PlannedImage & { readonly staged: StrategyFacts };

/** What the tag named for less may never have been resolved. */
const PASSING_MS = 60_000;
const MOVING = ['rolling', 'soaking', 'awaiting-approval', 'awaiting-window', 'paused', 'halted'];

export function watchRollouts(deps: RolloutWatchDeps): RolloutWatch {
  const { clock, registry, clusters, verdicts, history, inHand, skewMs } = deps;
  const decisions = new Map<string, Decisions>();

  function of(image: string): Decisions {
    const known = decisions.get(image) ?? createDecisions();
    decisions.set(image, known);
    return known;
  }

  /** Since when the tag names the digest, but for what it named in passing, or what did not verify. */
  function namedSince({ reference, repository }: PlannedImage, digest: string): number | undefined {
    const moves = registry.moves(reference);
    const last = moves.findLastIndex(({ child }) => child === digest);
    if (last < 0) return undefined;
    const before = moves.slice(0, last).findLastIndex(({ child, at }, index) => {
      if (child === undefined || child === digest) return false;
      const until = moves[index + 1]?.at ?? clock.now();
      const verified = verdictAt(registry, repository, child, until) === 'verified';
      return verified && until - at >= PASSING_MS;
    });
    return moves.slice(before + 1).find(({ child }) => child === digest)?.at;
  }

  /** The RSyncs of one stage, by what they have been since the digest was named. */
  function countStage(image: Staged, digest: string, index: number, from: number) {
    const { staged } = image;
    const stage = staged.stages[index];
    const until = clock.now() - (stage?.soakMs ?? 0) + skewMs;
    const found = { live: 0, away: 0, missing: [] as string[] };
    for (const { plan, objects } of clusters.values()) {
      if (stageIndexOf(staged, plan) !== index) continue;
      const sync = plan.syncs.find((one) => one.image === image);
      if (sync === undefined) continue;
      const key = keyOf(sync);
      const subject = `${plan.name} ${key}`;
      if (history.wasLive(subject, digest, { from, until })) found.live += 1;
      else if (history.wasAway(subject, from - LOOK_AGE_MS)) found.away += 1;
      else if (of(image.reference).isIgnored(plan.name, digest)) found.away += 1;
      else if (hadFailed(objects.get(key), digest)) found.away += 1;
      else found.missing.push(subject);
    }
    return found;
  }

  /** Why the digest may not be here yet; undefined: every stage before has run it, for as long as it soaks. */
  function tooEarly(
    image: Staged,
    digest: string,
    index: number,
    from: number | undefined,
  ): string | undefined {
    if (from === undefined) return 'its tag never named it';
    for (const [at, stage] of image.staged.stages.slice(0, index).entries()) {
      const { live, away, missing } = countStage(image, digest, at, from);
      const size = live + away + missing.length;
      const lacks = missing.map((subject) => subject.slice(subject.lastIndexOf('/cluster-') + 1));
      const what = `${stage.name} has it live on ${live} of ${size}, not on ${lacks.join(', ')}`;
      if (missing.length > mayLack(stage, size)) return what;
      if (live === 0 && missing.length > 0) return `${what}, and there is no evidence`;
    }
    return undefined;
  }

  /** The first rule that the approval of one key breaks. */
  function judge(
    { plan }: SimCluster,
    { before, key }: PatchSeen,
    image: Staged,
    digest: string,
  ): [Parameters<Verdicts['violate']>[0], string] | undefined {
    const hand = inHand.current();
    const read = hand?.reads.get(image.repository) ?? hand?.began ?? 0;
    const known = of(image.reference);
    const record = known.recordAt(read);
    const spec = before.spec.oci.image;
    const isOn = spec === image.reference || spec.startsWith(`${image.reference}@`);
    if (known.isRejectedAt(read, digest)) return [ROLLED_BACK, `${key}: ${name(digest)}`];
    // What names its digest or another tag is under the record as far as that is about this digest.
    const under = isOn || (record?.digest === digest && MOVING.includes(record.status));
    if (!under) return undefined;
    if (before.metadata.annotations[HOLD] !== undefined) return [HELD, key];
    const live = liveOf(before);
    // What was found running when the strategy came may be approved where it runs.
    if (live === digest) return undefined;
    const stop = known.stopAt(read);
    if (stop !== undefined) {
      const what = `${plan.name} ${key} gets ${name(digest)} though ${stop}`;
      return [known.isLostAt(read) ? LOST : STOPPED, what];
    }
    const had = [...(approvedOf(before)?.slice(0, 1) ?? []), live ?? ''];
    const back = record?.kind === 'rollback' && had.some((one) => known.isRejectedAt(read, one));
    const index = back ? image.staged.stages.length - 1 : stageIndexOf(image.staged, plan);
    // A newcomer gets what all had before, whatever the tag has named since.
    const isNew = live === undefined && approvedOf(before) === undefined;
    const from =
      isNew && record?.previous === digest
        ? registry.moves(image.reference).find(({ child }) => child === digest)?.at
        : namedSince(image, digest);
    const early = tooEarly(image, digest, index, from);
    if (early === undefined) return undefined;
    return [EARLY, `${plan.name} ${key} gets ${name(digest)} (${plan.labels['ring']}): ${early}`];
  }

  return {
    of,
    patched(cluster, seen) {
      const image = imageOf(cluster.plan, seen.key);
      if (!isStaged(image)) return;
      const had = approvedOf(seen.before) ?? [];
      const has = approvedOf(seen.after) ?? [];
      const live = liveOf(seen.before);
      const entering = has.filter((key) => !had.includes(key) && key !== live);
      const [first] = has;
      // What runs, and comes first by what was taken out before it, was approved all the time.
      const isLeft = first === live && has.join() === had.filter((key) => has.includes(key)).join();
      const heads = first !== undefined && first !== had[0] && !isLeft ? [first] : [];
      for (const digest of new Set([...heads, ...entering])) {
        const found = judge(cluster, seen, image, digest);
        if (found === undefined) continue;
        const { name: of_ } = cluster.plan;
        verdicts.violate(...found, [`${of_} ${seen.key}`, `rollout ${image.reference}`]);
      }
    },
    recorded(record) {
      of(record.image).recorded(inHand.moment(), record);
      const hand = inHand.current();
      if (hand?.tasked !== true) return;
      verdicts.violate(
        ORDER,
        `${record.image} is ${record.status} after its tasks were published`,
        [`rollout ${record.image}`],
      );
    },
    tasked() {
      const hand = inHand.current();
      if (hand !== undefined) hand.tasked = true;
    },
  };
}

const EARLY = 'S1 no stage gets a digest before the stages before it have run it';
const STOPPED = 'S2 nothing is approved after a stop was recorded';
const ROLLED_BACK = 'S3 what was rolled back is not approved again';
const HELD = 'S4 a hold is honoured';
const LOST = 'S5 a lost record moves nothing';
const ORDER = 'S6 decisions are recorded before they are acted on';

function isStaged(image: PlannedImage | undefined): image is Staged {
  return image?.staged !== undefined;
}

/** How many of a stage may be without the digest when it is passed. */
function mayLack({ maxFailures, maxUnreachable }: StageFacts, size: number): number {
  return Math.floor(maxFailures * size) + Math.floor(maxUnreachable * size);
}

/** It was failing before the digest came to it, and got it: such a one is no evidence, and in no one's way. */
function hadFailed(object: SyncObject | undefined, digest: string): boolean {
  if (object === undefined || approvedOf(object)?.[0] !== digest) return false;
  return (
    object.metadata.annotations['countersign.dev/receipt']?.includes('"was":"failed"') === true
  );
}
