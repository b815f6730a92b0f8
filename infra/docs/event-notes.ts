import type { StatusType } from '#shared/status/events.ts';
import { ROLLOUT_NOTES } from './rollout-notes.ts';
import type { TypeNote } from './type-note.ts';

/** The prose of the event reference: `npm run docs` puts it beside the schemas. */
export const TYPE_NOTES: Readonly<Record<StatusType, TypeNote>> = {
  'image.verified': {
    when: 'the digest has the signatures that the policy requires',
    severity: 'WARNING under a policy that allows unsigned images',
    next: 'Nothing',
  },
  'image.unsigned': {
    when: 'no signature is found in any known place',
    severity: 'WARNING once after `sweep.pendingAfter`, and when a signature has vanished',
    next: 'Sign the digest: the signature resumes the push',
  },
  'image.incomplete': {
    when: 'an authority has signed, but the policy requires more: the message says what, and who can add it',
    next: 'Wait: the missing signature resumes the push',
  },
  'image.untrusted': {
    when: 'no authority accepts the signatures, or the image is incomplete after `sweep.pendingAfter`; `reasons` has the causes',
    next: '`countersign verify IMAGE` shows who signed',
  },
  'image.unusable': {
    when: 'Config Sync cannot or must not pull the image: the tag is absent, no linux/amd64 child exists, or [the layers cannot be used](content.md)',
    severity: 'ERROR for `unsafe-entry`, signed or not',
    next: 'Push a correct image; `reasons` says what is wrong',
  },
  'image.unchecked': {
    when: 'a push could not be checked and is retried; published once. `errors` has the code',
    next: 'Do what the message says. Outages are retried for an hour',
  },
  'sync.approved': {
    when: 'the approval is written, or first found, on the RSync',
    severity:
      'WARNING under a policy that allows unsigned images, when a tag moved back, and when a higher version names an older digest',
    next: 'Wait for `sync.synced`',
  },
  'sync.synced': {
    when: 'Config Sync reports the digest live, without errors, for the current spec',
    next: 'Nothing',
  },
  'sync.failed': {
    when: 'Config Sync reports errors for the approved digest; `errors` has the KNV codes',
    next: 'Correct what the errors name',
  },
  'sync.blocked': {
    when: 'the announcement is still refused `sweep.blockedAfter` after the approval, or a pin was refused or reverted',
    next: 'Find what refuses: a webhook, an outdated gate, or a parent',
  },
  'sync.stalled': {
    when: 'the spec is wrong, or an approval or deletion takes longer than `sweep.liveAfter` or `sweep.deletingAfter`',
    next: 'Do what the message says',
  },
  'sync.unguarded': {
    when: 'the live digest is not approved: the gate is missing or outdated, or the content is older than the gate',
    next: 'Install the gate, or have the digest signed',
  },
  'sync.refused': {
    when: 'the gate refuses the RSync and no signature would help: no entry of `images` matches, or the source, version or reference is none that it admits',
    next: 'Add the image to the config, or correct the spec',
  },
  'sync.withdrawn': {
    when: 'an approval does not verify under a changed policy, or another client wrote it',
    next: 'Push or sign the digest that should run. The cluster keeps what it runs',
  },
  'sync.recovered': {
    when: 'any failure of this RSync has ended, or the RSync is gone',
    next: 'Close the alerts of this `cluster` and `sync`',
  },
  'cluster.unreachable': {
    when: 'Countersign cannot work on the cluster: `Unreachable`, `Forbidden` or `NoConfigSync`',
    next: 'Read the message',
  },
  'cluster.recovered': {
    when: 'the cluster could be listed again',
    next: 'Close the alerts of this `cluster`',
  },
  'resync.requested': {
    when: 'a person asks for a resync',
    next: 'Nothing',
  },
  'freeze.started': {
    when: 'a person freezes images or clusters; again each week (`overdue`). If the freezes are lost, everything is frozen and `id` is `lost`',
    severity: 'ERROR when the freezes are lost',
    next: '`countersign unfreeze ID` lifts it',
  },
  'freeze.ended': {
    when: 'a person lifts a freeze, or it expires (`actor` is `sweep`)',
    next: 'Close the alert of this `id`',
  },
  'rollout.progressing': {
    when: 'a sweep finds a newly approved digest that is not live everywhere',
    next: 'Wait for `rollout.completed`',
  },
  'rollout.completed': {
    when: 'the digest is live on every RSync that follows the image. With stages: the last stage is passed, or Countersign first sees a fleet that runs one digest',
    next: 'Nothing',
  },
  'rollout.degraded': {
    when: 'no RSync is under way and the digest is not live everywhere; `lagging` names where',
    next: 'See the failures of those clusters',
  },
  ...ROLLOUT_NOTES,
  'rollout.held': {
    when: 'a person holds an RSync, or a hold set by hand is first seen; again each week (`overdue`)',
    severity: 'WARNING when it is overdue',
    next: 'Lift it or leave it',
  },
  'rollout.unheld': {
    when: 'a person lifts a hold, or a hold lifted by hand or deleted with its RSync is first missed',
    next: 'Nothing',
  },
  'sweep.completed': {
    when: 'a sweep ends, each minute',
    next: 'Alert when it is absent. Look at `breakGlass` and `errors`',
  },
  'sweep.braked': {
    when: 'a changed policy or list of `images` would withdraw more than `sweep.withdrawBrake` of the approvals: none is withdrawn',
    next: 'Restore the config, sign again, or raise the brake',
  },
  'sweep.recovered': {
    when: 'the brake is released',
    next: 'Nothing',
  },
  'withdrawal.unchecked': {
    when: 'some approvals cannot be checked under a changed policy: they stay',
    next: 'See `errors`: a missing permission, a deleted repository, a silent registry',
  },
  'withdrawal.recovered': {
    when: 'every approval could be checked under the current policies',
    next: 'Nothing',
  },
};
