import type { PatchSeen } from '../ports/cluster-port.ts';
import type { Clock } from '../sim/clock.ts';
import { name } from '../sim/registry.ts';
import type { PlannedImage } from '../world.ts';
import {
  type ClusterFacts,
  type RegistryFacts,
  approvedOf,
  follows,
  imageOf,
  lastMoveTo,
  verdictAt,
} from './truth.ts';
import type { Verdicts } from './violations.ts';

export interface PatchWatchDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly registry: RegistryFacts;
  readonly verdicts: Verdicts;
}

const OURS = new Set([
  'countersign.dev/approved',
  'countersign.dev/receipt',
  'configsync.gke.io/image-to-sync',
]);

/** Looks at every patch of Countersign's at the moment the API server takes it. */
export function watchPatches({
  clock,
  registry,
  verdicts,
}: PatchWatchDeps): (cluster: Pick<ClusterFacts, 'plan'>, seen: PatchSeen) => void {
  /** Place in the tag's history of what an RSync was last approved for, by uid. */
  const approvedMove = new Map<string, number>();

  return (cluster, seen) => {
    const { before, after, key } = seen;
    const image = imageOf(cluster.plan, key);
    const subjects = [`${cluster.plan.name} ${key}`, `image ${image?.reference}`];
    const violate: Verdicts['violate'] = (...given) => verdicts.violate(...given);
    if (image === undefined || !follows(cluster.plan, image)) {
      violate('a patch touches nothing but ours', `${key} is not followed, and patched`, subjects);
      return;
    }
    const leash = checkLeash(seen, image);
    if (leash !== undefined) violate('a patch touches nothing but ours', leash, subjects);
    if (!saysSomethingNew(seen))
      violate('a second run changes nothing', `${seen.by} patches in vain`, subjects);
    const had = approvedOf(before) ?? [];
    const has = approvedOf(after) ?? [];
    for (const digest of has.filter((one) => !had.includes(one))) {
      const verdict = verdictAt(registry, image.repository, digest, clock.now());
      if (verdict === 'verified') continue;
      violate(
        '2 nothing is approved that does not verify',
        `${name(digest)} is ${verdict}`,
        subjects,
      );
    }
    const [newest] = has;
    // A roll-out takes clusters back as well: its own watch knows when it may.
    if (newest === undefined || newest === had[0] || image.staged !== undefined) return;
    const move = lastMoveTo(registry, image.reference, newest);
    const last = approvedMove.get(before.metadata.uid) ?? -1;
    if (move < last || move < 0) {
      const what = `${name(newest)} of move ${move} is approved over ${name(had[0])} of move ${last}`;
      violate('3 no approval goes backwards', what, subjects);
    }
    approvedMove.set(before.metadata.uid, move);
  };
}

/** What law 10 forbids that the patch does; undefined: nothing. */
function checkLeash({ before, after, body }: PatchSeen, image: PlannedImage): string | undefined {
  const { metadata, spec, ...more } = body;
  const { annotations = {}, resourceVersion: _version, ...others } = metadata ?? {};
  const strange = Object.keys(annotations).filter((annotation) => !OURS.has(annotation));
  const beyond = [...Object.keys(more), ...Object.keys(others), ...strange];
  if (beyond.length > 0) return `writes ${beyond.join(', ')}`;
  if (Object.values(annotations).includes(null)) return 'removes an annotation';
  const announced = annotations['configsync.gke.io/image-to-sync'];
  if (typeof announced === 'string') {
    const at = announced.lastIndexOf('@');
    const fits = announced.slice(0, at) === after.spec.oci.image;
    const approved = approvedOf(after) ?? [];
    if (!fits || !approved.includes(announced.slice(at + 1))) return `announces ${announced}`;
  }
  if (spec === undefined) return undefined;
  const pinned = spec.oci?.image ?? '';
  const [tagged = ''] = before.spec.oci.image.split('@');
  const isOwn = pinned.startsWith(`${image.reference}@sha256:`) || pinned === before.spec.oci.image;
  // Its owner may have moved it to another tag.
  const own = isOwn || (image.staged !== undefined && pinned.startsWith(`${tagged}@sha256:`));
  return image.treated === 'pin' && own ? undefined : `writes spec.oci.image ${pinned}`;
}

/** Another approval, announcement or spec; or a receipt of something else than the one in place. */
function saysSomethingNew({ before, after }: PatchSeen): boolean {
  const facts = (object: PatchSeen['before']): string => {
    const { 'countersign.dev/receipt': receipt = '{}', ...rest } = object.metadata.annotations;
    const {
      approvedAt: _approved,
      resolvedAt: _resolved,
      reason: _reason,
      ...lasting
    } = readReceipt(receipt);
    return JSON.stringify([rest, lasting, object.spec]);
  };
  return facts(before) !== facts(after);
}

function readReceipt(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
