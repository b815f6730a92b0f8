import type { AdmissionConfig } from '#shared/config/config.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import { readSource } from '#shared/configsync/read-source.ts';
import { APPROVED, RECEIPT, parseApproved } from '#shared/core/annotations.ts';
import { approvalKey } from '#shared/core/approval-key.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseReceipt } from '#shared/core/receipt.ts';
import type { Source } from '#shared/core/rsync.ts';
import type { Taken } from '#shared/core/content.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Ask } from './ask.ts';
import { type Announced, bindToSpec, nameOf, quote } from './bind.ts';
import { type Announcement, classify, isMovedSource, type SyncObject } from './classify.ts';
import { conclude } from './conclude.ts';
import { type Decision, admit, refuse } from './decision.ts';

export interface JudgeDeps {
  readonly rules: Pick<ImageRules, 'match'>;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly unmatched: 'deny' | 'ignore';
  readonly unchanged: AdmissionConfig['unchanged'];
  readonly ask: Ask;
}

/** What is made of the request of a review, within `deadlineMs`. Never throws for what was sent. */
export async function judgeRequest(
  request: unknown,
  deadlineMs: number,
  deps: JudgeDeps,
): Promise<Decision> {
  const classified = classify(request, deps);
  return 'outcome' in classified ? classified : judgeAnnouncement(classified, deadlineMs, deps);
}

async function judgeAnnouncement(
  announcement: Announcement,
  deadlineMs: number,
  deps: JudgeDeps,
): Promise<Decision> {
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
    return refuse(
      'not-of-spec',
      `image-to-sync ${quote(value)} is announced, and spec.sourceType names no image: remove the annotation`,
    );
  }
  const { repository } = source.reference;
  const rule = deps.rules.match(repository);
  if (rule === undefined) return judgeUnmatched(repository, deps.unmatched);
  const announced = bindToSpec(value, source);
  if ('outcome' in announced) return announced;
  const policy = policyOf(deps.policies, rule);
  const hint = parseReceipt(textOf(object, RECEIPT))?.index;
  const taken: Taken = source.type === 'oci' ? { type: 'oci', dir: source.dir } : { type: 'helm' };
  const question = { announced, policy, taken, ...defined({ hint }) };
  const answer = await deps.ask(question, deadlineMs);
  const decision = conclude(answer, { announced, policy });
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
 * back to (docs/threat-model.md#attacks-on-signatures, attack 36). What is live is no step back: Config Sync repeats it until it has pulled
 * the new one. Without approvals on the object it is not known which of two images is the older.
 */
function isMovedBack(announced: Announced, source: Source, oldObject: SyncObject): boolean {
  const commit = commitOf(announced);
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
  return refuse(
    'moved-back',
    `${text}: downgrade: deny holds it, ask Countersign for a resync`,
    facts,
  );
}

function commitOf(announced: Announced): string {
  return announced.type === 'image' ? announced.digest.slice('sha256:'.length) : announced.version;
}

function textOf({ metadata: { annotations } }: SyncObject, key: string): string | undefined {
  const value = annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function policyOf(policies: ReadonlyMap<string, TrustPolicy>, { trust }: ImageRule): TrustPolicy {
  const policy = policies.get(trust);
  if (policy === undefined) throw new CountersignError('bad-config', `No trust policy "${trust}"`);
  return policy;
}
