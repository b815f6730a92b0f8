import { isDigest } from '#shared/core/digest.ts';
import { shownImage } from '#shared/core/track/stream.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { repositoryOf, type Snapshot, syncsOf } from '#shared/reconcile/snapshot.ts';

interface RemindDeps extends Pick<ImageDeps, 'store' | 'publish' | 'now'> {
  readonly pendingAfterMs: number;
}

/**
 * Publishes once of each image that clusters wait for that it has been so for longer than `sweep.pendingAfter`: one that
 * is unsigned as a WARNING, one that is incomplete as the `untrusted` that it is by now. The time counts from the
 * verdict's own event: a cluster that was looked at late has waited no less.
 */
export async function remindPending(snapshot: Snapshot, deps: RemindDeps): Promise<void> {
  const waiting = new Map<string, Pending>();
  for (const { row } of syncsOf(snapshot)) {
    const { target: digest, record } = row;
    const image = shownImage(row);
    const repository = repositoryOf(row);
    if (record.phase !== 'Pending') continue;
    if (image === undefined || repository === undefined || digest === undefined) continue;
    waiting.set(`${repository}@${digest}`, { image, repository, digest });
  }
  for (const pending of waiting.values()) await remindOnce(pending, deps);
}

type Pending = Record<'image' | 'repository' | 'digest', string>;

async function remindOnce(
  { image, repository, digest }: Pending,
  { store, publish, now, pendingAfterMs }: RemindDeps,
): Promise<void> {
  const record = await store.readImage({ repository, digest });
  const { status } = record ?? {};
  if (record === undefined || (status !== 'unsigned' && status !== 'incomplete')) return;
  // Another function publishes something of it at this moment: the next sweep sees what.
  if (record.remindedAt !== undefined || record.claim !== undefined) return;
  if (!isDigest(digest) || now().getTime() - Date.parse(record.since) < pendingAfterMs) return;
  await publish({
    ...(status === 'unsigned'
      ? { type: 'image.unsigned', severity: 'WARNING' }
      : { type: 'image.untrusted' }),
    cause: `pending since ${record.since}`,
    data: {
      image,
      digest,
      policy: record.policy,
      verdict: status,
      reasons: [],
      since: record.since,
      errors: [],
      message: `Still ${status} since ${record.since}: sign the digest as its policy asks, and its event resumes the push`,
    },
  });
  await store.writeImage({ ...record, remindedAt: now().toISOString() }, { over: record });
}
