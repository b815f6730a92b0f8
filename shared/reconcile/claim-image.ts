import { defined } from '#shared/core/defined.ts';
import type {
  ImageKey,
  ImageRecord,
  ImageStatus,
  ImageClaim as StoredClaim,
} from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';

/** What is known of an image now, to be published where it is news. */
export interface ImageNews {
  readonly status: ImageStatus;
  /** Hash of the policy; empty where the image could not be judged. */
  readonly policy: string;
  /** The notification's message id, or the task's: the same at each delivery. */
  readonly cause: string;
  /** The records that it is about, each with the time of its reading, ISO 8601. */
  readonly digest: Reading;
  /** Absent where the image is named by its digest alone. */
  readonly tag?: Reading;
}

export interface Reading {
  readonly key: ImageKey;
  readonly readAt: string;
}

/** What the publication replaces: together with type and digest it names the episode. */
export interface Replaced {
  readonly digest?: Episode;
  readonly tag?: Episode;
}

type Episode = Pick<ImageRecord, 'status' | 'policy' | 'since'>;

/** The right to publish. */
export interface ImageClaim {
  /** When what is published began, ISO 8601. */
  readonly since: string;
  /** Absent where nothing was published before. */
  readonly replaced?: Replaced;
  readonly cause: string;
  readonly wasVerified: boolean;
  done(): Promise<void>;
  /** The publication failed, and may have got through all the same: the next look publishes again. */
  failed(): Promise<void>;
}

type ClaimDeps = Pick<ImageDeps, 'store' | 'now'>;

/** A publication takes seconds at most; who has not ended it by then is gone, and its message comes again. */
const CLAIM_MS = 30_000;

/** Losing to other processes this often in a row is no accident. */
const MAX_ATTEMPTS = 5;

interface Slot {
  readonly reading: Reading;
  readonly record: ImageRecord | undefined;
}

/** A slot whose record carries the claim. */
interface Taken {
  readonly slot: Slot;
  readonly record: ImageRecord & { readonly claim: StoredClaim };
}

/**
 * Claims the publication of `news` in the store, for every function publishes verdicts and each is to be published
 * once: undefined where it is no news, where a newer reading was published, or where another function publishes the
 * same. A digest and its tag are records of one image: whichever of them an episode began with, the other ends it.
 * `busy`: another function publishes something else at this moment, and a later look finds that done.
 */
export async function claimImage(
  news: ImageNews,
  deps: ClaimDeps,
): Promise<ImageClaim | 'busy' | undefined> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const digest = await readSlot(news.digest, deps);
    const tag = news.tag && (await readSlot(news.tag, deps));
    const slots = [digest, tag].filter((slot) => slot !== undefined);
    if (slots.some((slot) => !agrees(slot, news) && isOlder(slot, deps.now()))) return undefined;
    if (!isNews(news, digest, tag)) {
      await openTag(news, tag, deps);
      return undefined;
    }
    const trace = await traceOf(digest, deps);
    if (trace?.published !== true) {
      const standing = slots.map((slot) => standingOf(slot, news, deps.now()));
      if (standing.includes('same')) return undefined;
      if (standing.includes('other')) return 'busy';
    }
    if (trace !== undefined) {
      await deps.store.writeImage(trace.record, { over: digest.record });
      continue;
    }
    const claimed = await claimSlots(news, digest, tag, deps);
    if (claimed !== undefined) return claimed;
  }
  return 'busy';
}

/** A tag that names a digest whose trouble was published before it did is in that trouble, too. */
async function openTag(
  { status, policy, digest }: ImageNews,
  tag: Slot | undefined,
  { store, now }: ClaimDeps,
): Promise<void> {
  if (status === 'verified' || tag === undefined || tag.record?.status !== undefined) return;
  const { key, readAt } = tag.reading;
  const since = now().toISOString();
  const record = { ...key, status, policy, since, readAt, names: digest.key.digest };
  await store.writeImage(record, { over: tag.record });
}

async function readSlot(reading: Reading, { store }: ClaimDeps): Promise<Slot> {
  return { reading, record: await store.readImage(reading.key) };
}

/** A reading of a digest that says what its record says is no older answer: its tag may have something to end. */
function agrees({ reading, record }: Slot, { digest, status, policy }: ImageNews): boolean {
  return reading === digest && record?.status === status && record.policy === policy;
}

/** A later reading is in place. A failed one is none, nor is one that a wrong clock dated in the future. */
function isOlder({ reading, record }: Slot, now: Date): boolean {
  if (record?.status === undefined || record.status === 'unchecked') return false;
  const readAt = Date.parse(record.readAt);
  return readAt > Date.parse(reading.readAt) && readAt <= now.getTime();
}

function isNews(news: ImageNews, digest: Slot, tag: Slot | undefined): boolean {
  const { record } = digest;
  if (record?.claim !== undefined || tag?.record?.claim !== undefined) return true;
  if (record?.status !== news.status || record.policy !== news.policy) return true;
  const named = tag ?? digest;
  // A tag has a record from its first trouble on.
  if (named.record?.status === undefined) return false;
  return named.record.status !== news.status || isOtherTrouble(news, named);
}

/**
 * Whether a tag is in the same trouble by another digest than the one that was published last: that one is over, and one
 * that was over before begins again. Registries date in whole seconds: of two readings of one second none is newer.
 */
function isOtherTrouble({ status, digest, tag }: ImageNews, { reading, record }: Slot): boolean {
  if (record === undefined || status === 'verified' || status === 'unchecked') return false;
  const names = tag && digest.key.digest;
  return record.names !== names && Date.parse(reading.readAt) > Date.parse(record.readAt);
}

/** Whose claim is in the way: none, one that publishes the same, or another. */
function standingOf({ record }: Slot, news: ImageNews, now: Date): 'free' | 'same' | 'other' {
  const claim = record?.claim;
  if (claim === undefined || claim.doubtful === true) return 'free';
  // A delivery of the same message. All clusters of one sweep name it, too: they may have read another tag.
  if (claim.cause === news.cause && claim.status === news.status) return 'free';
  if (now.getTime() - Date.parse(claim.at) >= CLAIM_MS) return 'free';
  return claim.status === news.status ? 'same' : 'other';
}

async function claimSlots(
  news: ImageNews,
  digest: Slot,
  tag: Slot | undefined,
  deps: ClaimDeps,
): Promise<ImageClaim | undefined> {
  const { store, now } = deps;
  const at = now().toISOString();
  const { status, policy, cause } = news;
  const named = tag?.record !== undefined || status !== 'verified' ? tag : undefined;
  const claim: StoredClaim = defined({ status, cause, at, tag: named?.reading.key.digest });
  const taken: Taken[] = [];
  for (const slot of [digest, named]) {
    if (slot === undefined) continue;
    const { key, readAt } = slot.reading;
    const before = slot.record ?? { ...key, policy: '', since: at, readAt };
    const record = { ...before, claim };
    try {
      if (!(await store.writeImage(record, { over: slot.record }))) {
        await giveBack(taken, deps);
        return undefined;
      }
      taken.push({ slot, record });
    } catch (error) {
      // What is reported as failed may be in place, and would look as if it had been published.
      await giveBack([...taken, { slot, record }], deps).catch(() => undefined);
      throw error;
    }
  }
  const last = digest.record;
  const first = last?.claim ?? tag?.record?.claim;
  const replaced = defined({ digest: episodeOf(digest), tag: episodeOf(tag) });
  return defined({
    since: at,
    replaced: Object.keys(replaced).length === 0 ? undefined : replaced,
    cause: first?.status === status ? first.cause : cause,
    wasVerified: last?.status === 'verified' && last.policy === policy,
    async done() {
      // The tag first: what it says of the claim is what another function goes by.
      for (const { slot, record } of taken.toReversed()) {
        const { key, readAt } = slot.reading;
        // Another function that took the claim over has published, too, and records it.
        const read =
          slot.record?.status === status && record.readAt > readAt ? record.readAt : readAt;
        const names = slot === named ? digest.reading.key.digest : undefined;
        const published = defined({ ...key, status, policy, since: at, readAt: read, names });
        await store.writeImage(published, { over: record });
      }
    },
    failed: () => markDoubtful(taken, deps),
  });
}

/** What is left to do of a claim that its process did not end, and what the digest's record is to be then. */
interface Trace {
  readonly published: boolean;
  readonly record: ImageRecord;
}

/**
 * How far a process came that died with its claim on a digest. The tag is claimed last and recorded first, so that it
 * says whether the claim was published; where it does not carry the claim at all, nothing was begun. Undefined: it may
 * have been published.
 */
async function traceOf({ record }: Slot, { store }: ClaimDeps): Promise<Trace | undefined> {
  if (record?.claim?.tag === undefined) return undefined;
  const { claim, ...unclaimed } = record;
  const { repository, digest, readAt } = record;
  const tag = await store.readImage({ repository, digest: claim.tag ?? '' });
  if (tag?.claim?.at === claim.at && tag.claim.cause === claim.cause) return undefined;
  const { status } = claim;
  if (tag?.claim !== undefined || tag?.since !== claim.at || tag.status !== status) {
    return { published: false, record: unclaimed };
  }
  const { policy, since } = tag;
  return { published: true, record: { repository, digest, status, policy, since, readAt } };
}

/** Takes claims back, the last one first, with which nothing was published. */
async function giveBack(taken: readonly Taken[], { store }: ClaimDeps): Promise<void> {
  for (const { slot, record } of taken.toReversed()) {
    const { claim: _, ...unclaimed } = record;
    await store.writeImage(slot.record ?? unclaimed, { over: record });
  }
}

async function markDoubtful(taken: readonly Taken[], { store }: ClaimDeps): Promise<void> {
  for (const { record } of taken) {
    const doubtful = { ...record, claim: { ...record.claim, doubtful: true } } as const;
    await store.writeImage(doubtful, { over: record });
  }
}

function episodeOf({ record }: Partial<Slot> = {}): Episode | undefined {
  if (record?.status === undefined) return undefined;
  const { status, policy, since } = record;
  return { status, policy, since };
}
