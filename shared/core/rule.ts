import type { ContentRule } from './content.ts';
import type { VersionTrack } from './track/track.ts';

/** One entry of the config's `images`: how the images it matches are treated (docs/config.md). */
export interface ImageRule {
  /** The glob as written, shown to people. */
  readonly match: string;
  readonly trust: string;
  /** `gate`: Config Sync follows the tag, the approval decides when. `pin`: we write the digest into the spec. */
  readonly effect: 'gate' | 'pin';
  /** Label selector over memberships, as written; absent: every cluster follows. */
  readonly clusters?: string;
  /** Under `pin`: the tag or the versions that are followed; absent: the tag the image had. */
  readonly track?: string | VersionTrack;
  /** Of versions: whether one that is not verified is waited for (absent), or passed over for the next best. */
  readonly unverified?: 'wait' | 'skip';
  /** What to do when a tag moves back to a digest that was approved before the current one, or a version is lower. */
  readonly downgrade: 'allow' | 'warn' | 'deny';
  /** Name of the strategy by which digests reach the clusters; absent: all at once. */
  readonly rollout?: string;
  /** Under `gate`, on a way back: the digest is written into the spec until the tag names another; absent: by hand. */
  readonly rollback?: 'manual' | 'pin';
  /** What its images may cost to read, and whether they may be empty; absent: `DEFAULT_CONTENT`. */
  readonly content?: ContentRule;
}
