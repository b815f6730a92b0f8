import type { ROLLOUT_SAMPLES } from './rollout-samples.ts';
import type { TypeNote } from './type-note.ts';

/** The prose of roll-outs in stages. */
export const ROLLOUT_NOTES: Readonly<Record<keyof typeof ROLLOUT_SAMPLES, TypeNote>> = {
  'rollout.started': {
    when: 'a roll-out begins: with a digest that arrived, or that a person starts or tries again; or with the first digest of a fleet',
    severity: 'WARNING with `noWayBack`: the digest before it is not in the registry any more',
    next: 'Nothing. Its first stage is open. With `noWayBack`, push the digest before it again if you may need it',
  },
  'rollout.superseded': {
    when: 'a newer digest replaces the one that is rolled out; `id` and `digest` are those of the one that ends',
    next: 'Nothing. `rollout.started` of the newer one follows',
  },
  'rollout.stage.opened': {
    when: 'the stage before it is passed: clusters of this one are let in',
    next: 'Nothing',
  },
  'rollout.stage.passed': {
    when: 'the stage was live for its soak, and has the approval that it asks for',
    next: 'Nothing',
  },
  'rollout.stage.skipped': {
    when: 'no cluster is in the stage, or all of them are held back',
    next: 'See whether its selector still names what it should',
  },
  'rollout.waiting': {
    when: 'something else than time is missing: `cause` is `approval`, `signature`, `window`, `freeze`, `empty`, or of a way back under `gate` `tag`. Once when it begins, and each day for what people have to do',
    severity: 'WARNING from the second time on, for a `tag` from the first',
    next: '`approval`: an approver approves the stage. `signature`: sign the digest as the next stage asks. `window`: nothing, it opens. `freeze`: a person lifts it, or its time comes. `tag`: move the tag to what the clusters go back to. `empty`: label a cluster for the stage, or write `ifEmpty: skip`',
  },
  'rollout.approved': {
    when: 'a person approves a stage',
    next: 'Nothing. The stage is passed when it has as many approvals as it asks for',
  },
  'rollout.paused': {
    when: 'a person pauses it, or it cannot go on by itself: several digests are live where a strategy is new, clusters were never seen, its stage is gone from the config',
    severity: 'WARNING where no person paused it',
    next: 'Resume, abort or roll back. A newer digest does not end it',
  },
  'rollout.resumed': {
    when: 'a person lets a paused or halted roll-out go on',
    next: 'Nothing. It ends `rollout.paused` and `rollout.interrupted`',
  },
  'rollout.promoted': {
    when: 'an overrider lets in all clusters up to `stage`, without soak, approval or turn',
    next: 'See that it was meant. Failures go on to halt it; what is not verified is not approved',
  },
  'rollout.halted': {
    when: 'too many clusters failed, are out of reach or show nothing for longer than `progressDeadline`, or the digest was rolled back before: nothing new is approved. `cause` has which, `lagging` the clusters',
    next: 'Push a fix, resume, or roll back. `rollout.recovered` follows',
  },
  'rollout.recovered': {
    when: 'a halted roll-out is resumed, replaced, rolled back, aborted or retired',
    next: 'Nothing. It ends `rollout.halted`',
  },
  'rollout.aborted': {
    when: 'a person ends it: clusters that have the digest keep it, no other gets it',
    next: 'Push another digest, roll back, or try again',
  },
  'rollout.rolling-back': {
    when: 'a person rolls back, or too many failures do under `onFailure: rollback`; `digest` is the one that clusters go back to',
    next: 'Wait for `rollout.rolled-back`',
  },
  'rollout.rolled-back': {
    when: 'all that had the rejected digest are back, but for those that failed: `lagging` names them',
    next: 'Push a fix. The rejected digest is not approved again, whatever tag names it',
  },
  'rollout.interrupted': {
    when: 'the record of a roll-out is lost: its position is read from receipts, and nothing new is approved',
    next: 'Restore the database if you can ([restore.md](restore.md)). Resume, abort or roll back: each ends it',
  },
  'rollout.retired': {
    when: 'the image has no strategy any more: what is pushed goes everywhere at once',
    next: 'Nothing. It also ends `rollout.paused` and `rollout.interrupted`',
  },
};
