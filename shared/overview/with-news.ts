import type { ImageRecord, Tally } from '#shared/store/store.ts';
import { CAUSES } from '#shared/store/tally-note.ts';
import type { CauseKind } from './causes.ts';
import { PHASE_OF, type Troubles } from './present-row.ts';
import { isUnwell } from './well.ts';

type Image = Tally['images'][number];
type CauseCount = Tally['causes'][number];

/**
 * A count with the verdicts that were published since: all that follow such an image are as its verdict has them, but for
 * those in clusters that are out of reach, until the next count knows better.
 *
 * @example
 * withNews(await store.readNote('tally', 'fleet'), troubles)
 */
export function withNews(tally: Tally, troubles: Troubles): Tally {
  return tally.images.reduce((known, image) => {
    const trouble = troubles.get(image.image);
    const isNews = trouble !== undefined && Date.parse(trouble.since) > Date.parse(tally.at);
    return isNews && trouble.status !== image.verdict ? change(known, image, trouble) : known;
  }, tally);
}

function change(tally: Tally, image: Image, { status = 'unchecked', since }: ImageRecord): Tally {
  const phase = PHASE_OF[status];
  // Of what is out of reach nothing new is known.
  const { Unknown: unknown = 0, ...before } = image.phases;
  const moved = image.syncs - unknown;
  const phases = { ...tally.phases };
  for (const [name, count] of Object.entries(before)) {
    phases[name] = Math.max(0, (phases[name] ?? 0) - count);
  }
  // No verdict that is news is one of an image that is well.
  const unwell = tally.unwell - unwellOf(image) + image.syncs;
  phases[phase] = (phases[phase] ?? 0) + moved;
  const news: Image = {
    ...image,
    verdict: status,
    since,
    unwell: image.syncs,
    phases: { ...(unknown > 0 && { Unknown: unknown }), [phase]: moved },
    stages: image.stages.map(({ stage, phases: of }) => ({
      stage,
      phases: { [phase]: Object.values(of).reduce((sum, count) => sum + count, 0) },
    })),
  };
  const kind = KIND_OF[status];
  const cause: CauseCount | undefined = kind && {
    kind,
    image: image.image,
    phase,
    clusters: image.clusters,
    syncs: moved,
    since,
    examples: [],
  };
  const causes = tally.causes.filter((one) => one.image !== image.image || isEmergency(one));
  return {
    ...tally,
    phases: Object.fromEntries(Object.entries(phases).filter(([, count]) => count > 0)),
    unwell: Math.max(0, unwell),
    images: tally.images.map((one) => (one.image === image.image ? news : one)),
    causes: [...causes, ...(cause ? [cause] : [])].toSorted(
      (a, b) => CAUSES.indexOf(a.kind) - CAUSES.indexOf(b.kind),
    ),
    changedAt: since,
  };
}

/** Of the RSyncs that follow an image. A count of an earlier version does not say it: break-glass is not in that. */
function unwellOf({ unwell, phases }: Image): number {
  const others = Object.entries(phases).filter(([phase]) => isUnwell({ phase }));
  return unwell ?? others.reduce((sum, [, count]) => sum + count, 0);
}

/** What runs unapproved, or under break-glass, is so whatever the verdict. */
function isEmergency({ kind }: CauseCount): boolean {
  return kind === 'unguarded' || kind === 'break-glass';
}

const KIND_OF: Readonly<Record<NonNullable<ImageRecord['status']>, CauseKind | undefined>> = {
  unsigned: 'unsigned',
  incomplete: 'incomplete',
  untrusted: 'untrusted',
  unusable: 'unusable',
  unchecked: 'unchecked',
  verified: undefined,
};
