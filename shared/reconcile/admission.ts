import { isKeyOf } from '#shared/core/approval-key.ts';
import type {
  Kept,
  NamedImage,
  ResolvedTarget,
  StagedAdmission,
} from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Candidate } from '#shared/core/rollout/admits.ts';
import {
  type Following,
  type Recorded,
  admitsAmong,
  recordFor,
  staleKeys,
} from '#shared/core/rollout/among.ts';
import { type Freezing, sayFreeze } from '#shared/core/rollout/freezes.ts';
import { receiptOn } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { type Labels, type Stage, openingsAt, stageOf } from '#shared/core/rollout/strategy.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import { recordName, versionsOf } from '#shared/core/track/stream.ts';
import type { Release } from '#shared/core/track/track.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { ImageDeps } from './deps.ts';
import type { FollowedRSync } from './follow.ts';
import { judgeResolution, policyOf } from './judge-rsync.ts';
import { takenBy } from './locate-version.ts';
import { readFreezing } from './read-freezing.ts';
import { resolveKey } from './resolve-key.ts';
import { unreadable } from './unreadable.ts';

export type AdmissionDeps = Pick<
  ImageDeps,
  'staging' | 'resolver' | 'verifier' | 'policies' | 'now'
>;

/** Whose RSyncs ask. */
export interface AskingCluster {
  readonly cluster: string;
  readonly labels: Labels;
  /** What a digest is may be what it was for another look, but not before this time. */
  readonly notBefore: Date;
}

/** What is let in on one RSync, and what that is in the registry, where it is let in. */
export interface Admitted {
  readonly admission: StagedAdmission;
  readonly resolution?: Resolution;
  /** Where versions are followed: the tag and version of it, where those are known. */
  readonly release?: Release;
}

/** Of an image that goes everywhere at once: nothing that is new may be approved. */
export interface Frozen {
  readonly kept: Kept;
}

/** What an RSync names, and what that is worth. */
export interface Named extends Pick<NamedImage, 'resolved'> {
  readonly verdict: Pick<Verdict, 'status'>;
}

/** Asks for one RSync, whose target is that; undefined where nothing is in its way. */
export type Admit = (
  entry: FollowedRSync,
  named: Named,
  options: AdmitOptions,
) => Promise<Admitted | Frozen | undefined>;

export interface AdmitOptions {
  /** Another writer was faster: records are read again. */
  readonly afresh: boolean;
  /** Verdicts are read past every cache. */
  readonly fresh: boolean;
}

/**
 * Who is let in, in one look at a cluster. To be made after the list: records are read once for each repository, freezes
 * once, and again for what asks afresh, so that whatever was decided before the RSync was read is known. Throws
 * `records-unavailable`, and what the registry throws.
 *
 * @example
 * const admit = createAdmissions({ cluster, labels, notBefore }, deps);
 * const admitted = await admit(entry, followed, { afresh: false, fresh: false });
 */
export function createAdmissions(asking: AskingCluster, deps: AdmissionDeps): Admit {
  const { staging, now } = deps;
  if (staging === undefined) return async () => undefined;
  const { strategies, records, freezes } = staging;
  const read = new Map<string, Promise<readonly Recorded[]>>();

  function recordsOf(repository: string, afresh: boolean): Promise<readonly Recorded[]> {
    const known = afresh ? undefined : read.get(repository);
    const asked =
      known ?? records.ofRepository(repository).catch(unreadable('What roll-outs have decided'));
    read.set(repository, asked);
    return asked;
  }

  let frozen: Promise<Freezing> | undefined;

  function freezesNow(afresh: boolean): Promise<Freezing> {
    const asked = (afresh ? undefined : frozen) ?? readFreezing({ freezes }, deps);
    frozen = asked;
    return asked;
  }

  return async (entry, { resolved: named, verdict }, { afresh, fresh }) => {
    const configured = strategies.of(entry.rule);
    if (named === undefined) return undefined;
    const { reference } = named;
    if (configured === undefined) {
      // What cannot be approved in any case is withdrawn as ever, though nothing can be read.
      if (verdict.status !== 'verified' || !isNew(entry.rsync, named)) return undefined;
      const freeze = (await freezesNow(afresh)).find(reference, asking.labels, now());
      return freeze && { kept: { why: 'freeze', freeze: sayFreeze(freeze) } };
    }
    const following = followingOf(named, entry.rule);
    const [entries, freezing] = await Promise.all([
      recordsOf(reference.repository, afresh),
      freezesNow(afresh),
    ]);
    const strategy = freezing.with(configured, reference);
    const candidate = candidateOf(entry.rsync, following, asking, now());
    const answer = admitsAmong(entries, following, strategy, candidate, now());
    const refused = answer.allowed ? undefined : answer;
    const record = recordFor(entries, following);
    const { stage } = stageOf(strategy, candidate.labels);
    const freeze = openingsAt(strategy, now()).frozen(candidate.labels);
    const admission = defined({
      image: record?.image ?? recordName(reference, entry.rule) ?? formatReference(reference),
      digest: answer.allowed ? answer.digest : (record?.digest ?? following.key),
      stage: stage.name,
      why: refused?.why,
      by: refused?.by,
      freeze: refused?.why === 'freeze' && freeze ? sayFreeze(freeze) : undefined,
      stale: staleKeys(entries, strategy, candidate, now()),
      rollout: record && rolloutOf(record, stage),
    });
    if (!answer.allowed) return { admission };
    const wanted = defined({ key: answer.digest, record });
    const resolution = await resolveKey(wanted, { entry, named }, asking.notBefore, deps);
    const release = releaseOf(answer.digest, named, entry, record);
    if (
      answer.digest === candidate.approved ||
      (await isSigned(stage, reference, resolution, { fresh }, deps))
    ) {
      return { admission, resolution, ...defined({ release }) };
    }
    return { admission: { ...admission, why: 'signature' } };
  };
}

/** Whether an approval would bring what is not approved: its target, or what runs without an approval. */
function isNew(rsync: RSync, { key = '' }: ResolvedTarget): boolean {
  const { keys } = rsync.annotations.approved;
  return !keys.includes(key) || !keys.includes(liveKey(rsync) ?? key);
}

function candidateOf(
  rsync: RSync,
  { image }: Following,
  { cluster, labels }: AskingCluster,
  now: Date,
): Candidate & { readonly keys: readonly string[] } {
  const { approved, hold } = rsync.annotations;
  const { keys } = approved;
  const live = liveKey(rsync);
  const receipt = receiptOn(rsync.annotations.receipt.facts, image, now);
  const held = hold !== undefined;
  return defined({ cluster, labels, approved: keys[0], live, held, receipt, keys });
}

/** What can have a record is named by a tag, which a chart's version is as well, or is one of the versions of a stream. */
function followingOf({ reference, key }: ResolvedTarget, rule: ImageRule): Following {
  const image = recordName(reference, rule);
  return image === undefined ? { key } : { image, key };
}

/** The tag and version of what is let in: of the target, as the record has it, or as the receipt on the RSync does. */
function releaseOf(
  key: string,
  named: ResolvedTarget,
  { rsync, rule }: FollowedRSync,
  record: RolloutRecord | undefined,
): Release | undefined {
  if (versionsOf(rule) === undefined) return undefined;
  if (named.key === key) return named.release;
  const { facts } = rsync.annotations.receipt;
  const taken = takenBy(facts, named.reference.repository);
  return record?.releases?.[key] ?? (facts && isKeyOf(facts, key) ? taken : undefined);
}

/** A stage may ask for a second policy, of what is newly approved in it. */
async function isSigned(
  { signedBy }: Stage,
  reference: Reference,
  resolution: Resolution,
  options: { readonly fresh: boolean },
  deps: AdmissionDeps,
): Promise<boolean> {
  if (signedBy === undefined || resolution.image.status !== 'resolved') return true;
  const policy = policyOf(deps.policies, signedBy);
  const verdict = await judgeResolution({ reference, resolution, policy }, options, deps);
  return verdict.status === 'verified';
}

/** What a lost record is rebuilt from. */
function rolloutOf(record: RolloutRecord, stage: Stage): StagedAdmission['rollout'] {
  const { id, kind, digest, previous, rejected, startedAt, resolvedAt, indexes = {} } = record;
  const known = [digest, previous ?? ''].filter((key) => Object.hasOwn(indexes, key));
  const kept = Object.fromEntries(known.map((key) => [key, indexes[key] ?? '']));
  return defined({
    id,
    stage: stage.name,
    kind,
    digest,
    previous,
    indexes: known.length === 0 ? undefined : kept,
    rejected,
    startedAt,
    resolvedAt,
  });
}
