import type { ROLLOUT_SAMPLES } from './rollout-samples.ts';
import type { TypeNote } from './type-note.ts';

/** The prose of roll-outs in stages. */
export const ROLLOUT_NOTES: Readonly<Record<keyof typeof ROLLOUT_SAMPLES, TypeNote>> = {
  'rollout.started': {
    when: 'a roll-out begins: a digest arrived, a person starts or retries one, or the fleet has its first digest',
    severity: 'WARNING with `noWayBack`: the registry no longer has the previous digest',
    next: 'With `noWayBack`, push the previous digest again',
  },
  'rollout.superseded': {
    when: 'a newer digest replaces the one in this roll-out; `id` and `digest` name the replaced one',
    next: 'Nothing',
  },
  'rollout.stage.opened': {
    when: 'the previous stage is passed, and clusters of this stage may be approved',
    next: 'Nothing',
  },
  'rollout.stage.passed': {
    when: 'the stage was live for its soak and has the approvals that it requires',
    next: 'Nothing',
  },
  'rollout.stage.skipped': {
    when: 'the stage has no cluster, or all of its clusters are held',
    next: 'Check that its selector names the right clusters',
  },
  'rollout.waiting': {
    when: 'the roll-out waits for something other than time, which `cause` names. Once, then each day while a person must act. Where versions are followed, also when a listing keeps the fleet on its version, once and without `id`',
    severity:
      'WARNING from the second time on; for `tag` and the causes of versions, from the first',
    next: '`approval`: approve the stage. `signature`: sign as the next stage requires. `freeze`: lift it. `tag`: move the tag to the digest that clusters return to. `empty`: label a cluster, or set `ifEmpty: skip`. `version-gone`: push the version again, or a higher one. `listing-cut`: remove old tags. `ambiguous-version`: remove all but one of the tags that the message names',
  },
  'rollout.approved': {
    when: 'a person approves a stage',
    next: 'Nothing',
  },
  'rollout.paused': {
    when: 'a person pauses it, or it cannot continue by itself; the message says why',
    severity: 'WARNING when no person paused it',
    next: 'Resume, abort or roll back. A newer digest does not end the pause',
  },
  'rollout.resumed': {
    when: 'a person resumes a paused or halted roll-out',
    next: 'Nothing',
  },
  'rollout.promoted': {
    when: 'an overrider opens all stages up to `stage` at once, without soak, approval or order',
    next: 'Check that it was intended',
  },
  'rollout.halted': {
    when: 'too many clusters failed, are unreachable or are late, or the digest was rolled back before. `cause` has the reason, `lagging` the clusters',
    next: 'Push a fix, resume, or roll back',
  },
  'rollout.recovered': {
    when: 'a halted roll-out is resumed, replaced, rolled back, aborted or retired',
    next: 'Nothing',
  },
  'rollout.aborted': {
    when: 'a person ends it: clusters that have the digest keep it, and no other gets it',
    next: 'Push another digest, roll back, or retry',
  },
  'rollout.rolling-back': {
    when: 'a person rolls back, or failures do so under `onFailure: rollback`; `digest` is the one that clusters return to',
    next: 'Wait for `rollout.rolled-back`',
  },
  'rollout.rolled-back': {
    when: 'all clusters have left the rejected digest, except those in `lagging`',
    next: 'Push a fix. The rejected digest is not approved again',
  },
  'rollout.interrupted': {
    when: 'the record of a roll-out is lost: Countersign reads its position from receipts and approves nothing new',
    next: '[Restore the database](restore.md) if you can. Otherwise resume, abort or roll back',
  },
  'rollout.retired': {
    when: 'the image has no strategy any more: pushes reach all clusters at once',
    next: 'Nothing',
  },
};
