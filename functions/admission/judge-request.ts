import type { AdmissionConfig, Config } from '#shared/config/config.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import { readSource } from '#shared/configsync/read-source.ts';
import { APPROVED, parseApproved, RECEIPT } from '#shared/core/annotations.ts';
import { approvalKey } from '#shared/core/approval-key.ts';
import type { Taken } from '#shared/core/content.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import type { Source } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { reasonsOf, type Verdict } from '#shared/core/verdict.ts';
import { explainVerdict } from '#shared/trust/explain.ts';
import {
  type Announced,
  annotationOf,
  bindToSpec,
  classify,
  isMovedSource,
  nameOf,
  quote,
  type SyncObject,
} from './announcement.ts';
import type { Answer, Ask } from './ask.ts';
import { type Decision, type Facts, admit, refuse } from './decision.ts';

export interface JudgeDeps {
  readonly rules: Pick<ImageRules, 'match'>;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly unmatched: Config['unmatched'];
  readonly unchanged: AdmissionConfig['unchanged'];
  readonly ask: Ask;
}

/** What is made of the request of a review, within `deadlineMs`. Never throws for what was sent. */
export async function judgeRequest(
  request: unknown,
  deadlineMs: number,
  deps: JudgeDeps,
): Promise<Decision> {
  const announcement = classify(request, deps);
  if ('outcome' in announcement) return announcement;
  const { value, stays, object, oldObject } = announcement;
  const source = readSource(object.spec);
  // The spec has left the value behind: before Config Sync syncs it, it announces another.
  if (stays && isMovedSource(object, oldObject) && !isOfSpec(value, source)) {
    return admit('unchanged');
  }
  if (source.type === 'invalid') {
    return refuse('not-of-spec', `${source.problem}: what is announced cannot be compared with it`);
  }
  if (source.type === 'other') {
    const fix = 'and spec.sourceType names no image: remove the annotation';
    return refuse('not-of-spec', `image-to-sync ${quote(value)} is announced, ${fix}`);
  }
  const { repository } = source.reference;
  const rule = deps.rules.match(repository);
  if (rule === undefined) return judgeUnmatched(repository, deps.unmatched);
  const announced = bindToSpec(value, source);
  if ('outcome' in announced) return announced;
  const policy = deps.policies.get(rule.trust);
  if (policy === undefined) {
    throw new CountersignError('bad-config', `No trust policy "${rule.trust}"`);
  }
  const hint = parseReceipt(textOf(object, RECEIPT))?.index;
  const taken: Taken = source.type === 'oci' ? { type: 'oci', dir: source.dir } : { type: 'helm' };
  const question = { announced, policy, taken, ...defined({ hint }) };
  const decision = conclude(await deps.ask(question, deadlineMs), announced, policy);
  const moved = oldObject !== undefined && isMovedBack(announced, source, oldObject);
  return moved ? judgeMovedBack(decision, announced, rule) : decision;
}

function isOfSpec(value: string, source: Source): boolean {
  if (source.type !== 'oci' && source.type !== 'helm') return false;
  const announced = bindToSpec(value, source);
  return !('outcome' in announced && announced.outcome === 'not-of-spec');
}

/** As everywhere: the gate refuses what no entry follows, unless the config says to leave it alone. */
function judgeUnmatched(repository: string, unmatched: JudgeDeps['unmatched']): Decision {
  const facts = { image: repository };
  if (unmatched === 'ignore') return admit('ignored', facts);
  const message = `${repository} is not among the images that Countersign follows: add it to "images" in its config, or set unmatched: ignore`;
  return refuse('unmatched', message, facts);
}

/**
 * Whether what is announced had been approved before what is approved now: an old image with a good signature, rolled
 * back to (docs/threat-model.md#attacks-on-signatures, attack 36). What is live is no step back: Config Sync repeats it
 * until it has pulled the new one. Without approvals on the object it is not known which of two images is the older.
 */
function isMovedBack(announced: Announced, source: Source, oldObject: SyncObject): boolean {
  const commit =
    announced.type === 'image' ? announced.digest.slice('sha256:'.length) : announced.version;
  const key = approvalKey(source, commit);
  if (key === undefined || oldObject.status?.lastSyncedCommit === commit) return false;
  return parseApproved(textOf(oldObject, APPROVED)).indexOf(key) > 0;
}

function judgeMovedBack(
  decision: Decision,
  announced: Announced,
  { downgrade }: ImageRule,
): Decision {
  if (!decision.admit || downgrade === 'allow') return decision;
  const text = `${nameOf(announced)} had been approved before the image that is approved now`;
  const facts = { ...decision.facts, downgrade: 'true' };
  if (downgrade === 'warn') {
    return { ...decision, facts, warnings: [...decision.warnings, text] };
  }
  const fix = 'downgrade: deny holds it, ask Countersign for a resync';
  return refuse('moved-back', `${text}: ${fix}`, facts);
}

function textOf(object: SyncObject, key: string): string | undefined {
  const value = annotationOf(object, key);
  return typeof value === 'string' ? value : undefined;
}

/** What a denial says of a failure: not its own text, which can differ between attempts, and repeat a registry's words. */
const FAILURES: Partial<Record<FailureCode, string>> = {
  'registry-unavailable': 'its registry cannot be asked',
  'registry-misbehaved': 'its registry gives answers that contradict themselves',
  'registry-denied': "its registry denies Countersign's identity the right to read it",
  'registry-not-allowed': 'its registry is not one that Countersign may ask',
  'key-unavailable': 'a key of its trust policy cannot be had',
  'trust-root-unavailable': 'the trusted root of its trust policy cannot be had',
};

/** The decision that an answer leads to; its text says the same whenever the answer is the same. */
function conclude(answer: Answer, announced: Announced, policy: TrustPolicy): Decision {
  const facts = factsOf(answer, announced, policy);
  const name = nameOf(announced);
  switch (answer.status) {
    case 'known': {
      const decision = concludeVerdict(answer.verdict, name, policy, facts);
      return { ...decision, ...defined({ remembered: answer.remembered }) };
    }
    case 'stale': {
      const warning = `${name} was verified earlier, and cannot be checked now (${answer.failure})`;
      return admit('verified-earlier', { ...facts, failure: answer.failure }, [warning]);
    }
    case 'overloaded': {
      const message = `Countersign is overloaded: ${name} is checked at the next attempt`;
      return refuse('overloaded', message, facts);
    }
    case 'late':
      return refuseUnchecked('registry-unavailable', name, facts);
    case 'failed':
      return refuseUnchecked(answer.failure.code, name, facts);
  }
}

function concludeVerdict(
  verdict: Verdict,
  name: string,
  policy: TrustPolicy,
  facts: Facts,
): Decision {
  if (verdict.status === 'verified') {
    if (verdict.allowedUnsigned !== true) return admit('verified', facts);
    const warning = `${name} is not signed, and policy "${policy.name}" allows that`;
    return admit('verified', { ...facts, unsigned: 'true' }, [warning]);
  }
  if (verdict.status === 'unsigned') {
    const names = policy.authorities.map((authority) => authority.name).join(' or ');
    // The words of the sample webhook, which people and their scripts look for.
    const message = `Image validation failed: no signatures found for ${name}: sign it with cosign as ${names}`;
    return refuse('unsigned', message, facts);
  }
  const reasons = reasonsOf(verdict).join(', ');
  const why = explainVerdict(verdict, policy);
  return refuse(verdict.status, `Image validation failed: ${name} (${reasons}): ${why}`, facts);
}

function refuseUnchecked(code: FailureCode, name: string, facts: Facts): Decision {
  // One code for every late answer of a registry, so that the text does not change between attempts.
  const failure = code === 'deadline-exceeded' ? 'registry-unavailable' : code;
  const why = FAILURES[failure] ?? 'see the log of Countersign';
  const message = `${name} could not be checked (${failure}): ${why}`;
  return refuse('unchecked', message, { ...facts, failure });
}

function factsOf(answer: Answer, announced: Announced, policy: TrustPolicy): Facts {
  const { repository } = announced.reference;
  const named = announced.type === 'image' ? announced.digest : undefined;
  const digest = 'digest' in answer ? (answer.digest ?? named) : named;
  const image = announced.type === 'chart' ? nameOf(announced) : repository;
  const verdict = 'verdict' in answer ? answer.verdict : undefined;
  const authorities = verdict?.status === 'verified' ? verdict.authorities.join(' ') : '';
  return defined({
    image,
    digest,
    policy: policy.name,
    verdict: verdict?.status ?? 'unchecked',
    reasons: (verdict && reasonsOf(verdict).join(' ')) || undefined,
    authorities: authorities || undefined,
  });
}
