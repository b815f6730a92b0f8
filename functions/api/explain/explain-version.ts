import type { Tracked } from '#shared/core/decision-input.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { sayNone, sayTracked } from '#shared/core/track/say.ts';
import type { Look } from '#shared/reconcile/look-at-cluster.ts';
import { trackText } from '#shared/reconcile/locate-version.ts';
import { readTrackNote } from '#shared/reconcile/track-notes.ts';
import { viewTrack } from '#shared/reconcile/track-view.ts';
import type { TrackNote } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import type { Step } from './operation.ts';

/** Candidates that are named: the rest is in `GET /v1/track`. */
const MAX_NAMED = 5;

/** Which version is followed, which were passed over and why; none where a tag is followed. */
export async function explainVersion(
  { followed }: Look,
  deps: Pick<ApiDeps, 'store' | 'tracks'>,
): Promise<readonly Step[]> {
  const { tracked, rule } = followed ?? {};
  if (tracked === undefined || rule === undefined) return [];
  const note = await readTrackNote(tracked.kind, tracked.repository, deps);
  const usable = note?.track === trackText(rule) ? note : undefined;
  return [
    {
      step: 'version',
      outcome: outcomeOf(tracked),
      finding: findingOf(tracked, usable),
      details: usable === undefined ? [] : [...detailsOf(usable, tracked, rule, deps)],
    },
  ];
}

function outcomeOf({ release, why }: Tracked): Step['outcome'] {
  if (release === undefined) return why === undefined ? 'bad' : 'wait';
  return why === undefined ? 'ok' : 'wait';
}

function findingOf(tracked: Tracked, note: TrackNote | undefined): string {
  const { release, why } = tracked;
  if (release === undefined) {
    return why === undefined ? 'Several tags are one version and not one digest' : sayNone(why);
  }
  const of = note === undefined ? '' : `, of ${note.matching} versions among ${note.listed} tags`;
  const when = note === undefined ? '' : `, listed at ${note.listedAt}`;
  const said = sayTracked(tracked);
  return `${release.tag} is followed${of}${when}${said === undefined ? '' : `; ${said}`}`;
}

function* detailsOf(
  note: TrackNote,
  { release, skipped }: Tracked,
  rule: ImageRule,
  deps: Pick<ApiDeps, 'tracks'>,
): Generator<string> {
  const tracker = deps.tracks?.of(rule);
  if (tracker === undefined) return;
  const tags = skipped.map(({ tag }) => tag);
  const view = viewTrack(note, tracker, { taken: release, skipped: tags });
  for (const { tag, chosen, why } of view.candidates.slice(0, MAX_NAMED)) {
    if (!chosen) yield `${tag}: ${why}`;
  }
  for (const { count, examples, meaning } of view.ignored) {
    const more = count > examples.length ? ' and others' : '';
    yield `${count} ignored, for a tag ${meaning}: ${examples.join(', ')}${more}`;
  }
  yield* view.warnings;
}
