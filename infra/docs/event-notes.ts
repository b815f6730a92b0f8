import type { StatusType } from '#shared/status/events.ts';
import { ROLLOUT_NOTES } from './rollout-notes.ts';
import type { TypeNote } from './type-note.ts';

/** The prose of the event reference: `npm run docs` puts it beside the schemas. */
export const TYPE_NOTES: Readonly<Record<StatusType, TypeNote>> = {
  'image.verified': {
    when: 'the digest has the signatures that the policy requires; once for each digest and policy',
    severity: 'WARNING under a policy that allows unsigned images',
    next: 'Nothing. It ends `image.unsigned`, `incomplete`, `untrusted` and `unchecked` of the same image',
  },
  'image.unsigned': {
    when: 'no signature is found in any known place',
    severity:
      'WARNING, once, when it lasts longer than `sweep.pendingAfter`, and when a signature has vanished',
    next: 'Sign the digest: the signature resumes the push. Normal for seconds where images are pushed first and signed afterwards',
  },
  'image.incomplete': {
    when: 'an authority has signed the digest, but the policy requires more; the message says what is missing and who can add it',
    next: 'Wait: the missing signature resumes the push. After `sweep.pendingAfter` it becomes `image.untrusted`',
  },
  'image.untrusted': {
    when: 'signatures exist, but no authority accepts them, or an incomplete image is still incomplete after `sweep.pendingAfter`; `reasons` has the causes',
    next: 'Find out who signed: `countersign verify IMAGE` shows each signature',
  },
  'image.unusable': {
    when: 'Config Sync cannot or must not pull the image: the tag is absent, no linux/amd64 child exists, or [the layers cannot be used](content.md)',
    severity: 'ERROR for `unsafe-entry`, signed or not',
    next: 'Push a correct image; `reasons` says what is wrong. For `unsafe-entry`, find out who pushed it',
  },
  'image.unchecked': {
    when: 'a push could not be checked and is retried; published once. `errors` has the code',
    next: 'Do what the message says: `registry-denied` and `forbidden` need a permission. Outages are retried for an hour. Any verdict ends it',
  },
  'sync.approved': {
    when: 'the approval is written on the RSync, or is found there for the first time',
    severity:
      'WARNING under a policy that allows unsigned images, and when a tag moved back to an older digest',
    next: 'Wait for `sync.synced`',
  },
  'sync.synced': {
    when: 'Config Sync reports the digest live, without errors, for the current spec',
    next: 'Nothing',
  },
  'sync.failed': {
    when: 'Config Sync reports errors for the approved digest; `errors` has the KNV codes',
    next: 'Correct what the errors name. `sync.recovered` follows',
  },
  'sync.blocked': {
    when: 'the cluster still refuses the announcement `sweep.blockedAfter` after the approval, or a pin was refused or reverted',
    next: 'Find what refuses: another webhook, an outdated gate, or a parent that declares the field. `sync.recovered` follows',
  },
  'sync.stalled': {
    when: 'the RSync is Stalled because its spec is wrong, or an approval or deletion takes longer than `sweep.liveAfter` or `sweep.deletingAfter`',
    next: 'Do what the message says. `sync.recovered` follows',
  },
  'sync.unguarded': {
    when: 'the live digest is not approved: the gate is missing or outdated, or the content is older than the gate',
    next: 'Install the gate, or have the digest signed. `sync.recovered` follows',
  },
  'sync.refused': {
    when: 'the gate refuses the RSync and no signature would help: no entry of `images` matches, the source is not OCI, the chart has no exact version, or the reference cannot be read',
    next: 'Add the image to the config, or correct the spec. `sync.recovered` follows',
  },
  'sync.withdrawn': {
    when: 'an approval is withdrawn because it does not verify under a changed policy, or a digest that another client approved is removed',
    next: 'Push or sign the digest that should run. The cluster keeps what it runs; the gate refuses it from now on',
  },
  'sync.recovered': {
    when: 'any failure of this RSync has ended, or the RSync is gone',
    next: 'Close the alerts of this `cluster` and `sync`. Ignore it if none is open',
  },
  'cluster.unreachable': {
    when: 'Countersign cannot work on the cluster: `Unreachable`, `Forbidden` or `NoConfigSync`',
    next: 'Read the message. Sweeps keep trying; `cluster.recovered` follows',
  },
  'cluster.recovered': {
    when: 'the cluster could be listed again',
    next: 'Close the alerts of this `cluster`',
  },
  'resync.requested': {
    when: 'a person asks for a resync; before any cluster is tasked',
    next: 'Nothing: it records who asked for what',
  },
  'freeze.started': {
    when: 'a person freezes images or clusters: nothing new is approved there. Again each week that the freeze lasts (`overdue`). If the freezes are lost, everything is frozen and `id` is `lost`',
    severity: 'ERROR when the freezes are lost',
    next: 'Nothing if it is intended. `countersign unfreeze ID` lifts it; `freeze.ended` follows',
  },
  'freeze.ended': {
    when: 'a person lifts a freeze, or it expires (`actor` is `sweep`)',
    next: 'Close the alert of this `id`. The next sweep approves what waited',
  },
  'rollout.progressing': {
    when: 'a sweep finds a newly approved digest that is not live everywhere',
    next: 'Wait for `rollout.completed`',
  },
  'rollout.completed': {
    when: 'the digest is live on every RSync that follows the image; once for each digest. With stages: the last stage is passed, or Countersign first sees a fleet that runs one digest',
    next: 'Nothing. It ends `rollout.degraded`',
  },
  'rollout.degraded': {
    when: 'no RSync is under way any more and the digest is not live everywhere; `lagging` names where',
    next: 'See the failures of those clusters. `rollout.completed` or the next digest ends it',
  },
  ...ROLLOUT_NOTES,
  'rollout.held': {
    when: 'a person holds an RSync by the API, or a hold that was set by hand is first seen. Again each week that a hold lasts (`overdue`)',
    severity: 'WARNING when it is overdue',
    next: 'Nothing. When it is overdue, lift it or leave it for another week',
  },
  'rollout.unheld': {
    when: 'a person lifts a hold by the API, or a hold that was lifted by hand or deleted with its RSync is first missed',
    next: 'Nothing. It ends `rollout.held`',
  },
  'sweep.completed': {
    when: 'a sweep ends, each minute',
    next: 'Alert when it is absent. Look at `breakGlass` and `errors`',
  },
  'sweep.braked': {
    when: 'a changed policy, or a changed list of `images`, would withdraw more than `sweep.withdrawBrake` of the approvals: none of them is withdrawn',
    next: 'Restore the config, sign again, or raise the brake. `sweep.recovered` follows',
  },
  'sweep.recovered': {
    when: 'the brake is released',
    next: 'Nothing. Approvals that do not verify are withdrawn from now on',
  },
  'withdrawal.unchecked': {
    when: 'a policy has changed, and some approvals cannot be checked under it: they stay. All others are judged',
    next: 'See `errors`: a missing permission, a deleted repository, a registry that does not answer. `withdrawal.recovered` follows',
  },
  'withdrawal.recovered': {
    when: 'every approval could be checked under the current policies',
    next: 'Nothing. It ends `withdrawal.unchecked`',
  },
};
