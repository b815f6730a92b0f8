import type { StatusType } from '#shared/status/events.ts';
import { ROLLOUT_NOTES } from './rollout-notes.ts';
import type { TypeNote } from './type-note.ts';

/** The prose of the event reference: `npm run docs` puts it beside the schemas. */
export const TYPE_NOTES: Readonly<Record<StatusType, TypeNote>> = {
  'image.verified': {
    when: 'enough authorities of the policy have signed the digest; once for each digest and policy',
    severity: 'WARNING under a policy that allows unsigned images',
    next: 'Nothing. It also ends `image.unsigned`, `image.incomplete`, `image.untrusted` and `image.unchecked` of the same image',
  },
  'image.unsigned': {
    when: 'no known place has a signature',
    severity:
      'WARNING when it lasts longer than `sweep.pendingAfter`, published once; and when a signature that was there has vanished',
    next: 'Sign the digest; the event of the signature resumes the push. Normal for seconds where signing follows pushing',
  },
  'image.incomplete': {
    when: 'an authority of the policy vouches for the digest, and the policy asks for more: the message says what, and who could give it',
    next: 'Nothing, for a while: what is missing has an event of its own, which resumes the push. After `sweep.pendingAfter` it is published as `image.untrusted`',
  },
  'image.untrusted': {
    when: 'there are candidate signatures, and no authority accepts them, or what is missing of an incomplete one did not come within `sweep.pendingAfter`; `reasons` says why',
    next: 'Find out who signed. `countersign verify IMAGE` shows each candidate',
  },
  'image.unusable': {
    when: 'Config Sync could not pull it, or must not: no such tag, no linux/amd64 child, no image, or layers that are no archive, lead out of their folder, or leave nothing to apply',
    severity: 'ERROR for `unsafe-entry`, signed or not',
    next: 'Push an image that it can pull; `reasons` says what is wrong, and [content.md](content.md) what each reason of a layer means. `unsafe-entry`: find out who pushed it',
  },
  'image.unchecked': {
    when: 'a push could not be checked; once, while it is retried. `errors` has the code',
    next: '`registry-denied` and `forbidden` need a permission; the others are retried for an hour. Any verdict ends it',
  },
  'sync.approved': {
    when: 'the approval is written on the RSync, or was found there newly',
    severity:
      'WARNING under a policy that allows unsigned images, and where a tag moved back to an older digest',
    next: 'Wait for `sync.synced`',
  },
  'sync.synced': {
    when: 'Config Sync reports the digest live, without errors, for the spec that stands now',
    next: 'Nothing',
  },
  'sync.failed': {
    when: 'Config Sync reports errors for the approved digest; `errors` has its KNV codes',
    next: 'Mend what the errors say. `sync.recovered` follows',
  },
  'sync.blocked': {
    when: 'the announcement is still refused, longer than `sweep.blockedAfter` after the approval; or a pin was refused or put back',
    next: 'See who refuses: another webhook, an older gate, a parent that declares the field. `sync.recovered` follows',
  },
  'sync.stalled': {
    when: 'the RSync has the condition Stalled: its spec is wrong, and Config Sync does not work on it',
    next: 'Correct the spec. `sync.recovered` follows',
  },
  'sync.unguarded': {
    when: 'what is live is not approved: the gate is missing there or too old, or the content is older than the gate',
    next: 'Install the gate, or have the digest signed. `sync.recovered` follows',
  },
  'sync.refused': {
    when: 'the gate refuses the RSync, and no signature would help: no entry of `images` names its image, its source announces nothing, its chart has no exact version, or its reference cannot be read',
    next: 'Do what the message says: name the image in the config, or correct the spec. `sync.recovered` follows',
  },
  'sync.withdrawn': {
    when: 'an approval is taken back, because it does not verify under a changed policy; or a digest that another client put into the approved list is taken out',
    next: 'Push or sign what should run. The cluster keeps what it runs, and the gate refuses it from now on',
  },
  'sync.recovered': {
    when: 'a failure of this RSync has ended: whichever was open, also because the RSync is gone',
    next: 'Close what is open for this `cluster` and `sync`. May come for a failure that was never published; ignore it then',
  },
  'cluster.unreachable': {
    when: 'a cluster cannot be looked after: `Unreachable`, `Forbidden` or `NoConfigSync`',
    next: 'Sweeps keep trying. `cluster.recovered` follows',
  },
  'cluster.recovered': {
    when: 'the cluster could be listed again',
    next: 'Close what is open for this `cluster`',
  },
  'resync.requested': {
    when: 'a person asked for a resync, before anything is tasked',
    next: 'Nothing: it is the record of who asked for what',
  },
  'freeze.started': {
    when: 'a person freezes images or clusters, so that nothing new is approved there; again each week that it holds (`overdue`). `id` is `lost`, as an ERROR, where freezes were lost: then all is frozen',
    severity: 'ERROR where freezes were lost',
    next: 'Nothing where you know of it. `freeze.ended` follows; `countersign unfreeze ID` lifts it',
  },
  'freeze.ended': {
    when: 'a person lifts a freeze, or a sweep finds that its time has passed (`actor` is `sweep`)',
    next: 'Close what is open for this `id`. What waited is approved from the next sweep on',
  },
  'rollout.progressing': {
    when: 'a sweep finds a newly approved digest that is not live everywhere yet',
    next: 'Wait for `rollout.completed`',
  },
  'rollout.completed': {
    when: 'a sweep finds the digest live on every RSync that follows the image; once for each digest. In stages: the last stage is passed, or a fleet that has one digest is taken over',
    next: 'Nothing. It ends `rollout.degraded`',
  },
  'rollout.degraded': {
    when: 'everything has settled, and the digest is not live everywhere; `lagging` names where',
    next: 'See the failures of the clusters that it names. `rollout.completed` follows, or the next digest',
  },
  ...ROLLOUT_NOTES,
  'rollout.held': {
    when: 'a person holds an RSync by the API, staged or not; before it is recorded. A hold that was set or changed by hand, at the next look. Again, with `overdue`, each week that a hold is there, by hand or by the API',
    severity: 'WARNING where it is overdue',
    next: 'Nothing. Where it is overdue: lift it, or leave it for another week',
  },
  'rollout.unheld': {
    when: 'a person lifts a hold by the API; before it is recorded. One that was lifted by hand, or is gone with its RSync, at the next look',
    next: 'Nothing. It ends `rollout.held`',
  },
  'sweep.completed': {
    when: 'a sweep has ended, each minute',
    next: 'Alert on its absence. `breakGlass` and `errors` deserve a look',
  },
  'sweep.braked': {
    when: 'a changed policy, or RSyncs that no entry of the config follows any more, would cost more than `sweep.withdrawBrake` of the approvals: none of these is withdrawn',
    next: 'Restore the policy, sign again, or raise the brake. `sweep.recovered` follows',
  },
  'sweep.recovered': {
    when: 'the brake is released',
    next: 'Nothing. Approvals that do not verify are withdrawn from now on',
  },
  'withdrawal.unchecked': {
    when: 'a policy has changed, and some approvals can be neither verified nor refuted under it: these stand, all others are withdrawn or kept by their verdict',
    next: 'See `errors`: a permission, a repository that is gone, a registry that does not answer. `withdrawal.recovered` follows',
  },
  'withdrawal.recovered': {
    when: 'every approval could be judged under the policies of today',
    next: 'Nothing. It ends `withdrawal.unchecked`',
  },
};
