import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import type { HistoryEntry } from '../../history/operation.ts';
import type { Overview } from '../../overview/operation.ts';
import { numberOf, shortImage } from '../../overview/sentences.ts';
import type { RolloutBrief } from '../../rollouts/operation.ts';
import { eventList } from '../history/event-list.ts';
import { layout } from '../layout.ts';
import { counts } from '../overview/matrix.ts';
import { stageBars } from '../overview/rollout-cards.ts';
import { rolloutActions } from '../rollouts/rollout-actions.ts';
import {
  abbreviate,
  linkOf,
  type Markup,
  sinceThen,
  toned,
  verdictTone,
  wholeCode,
} from '../words.ts';
import { type DigestOverTime, digestsOverTime } from './digests-over-time.ts';
import { type WayBack } from './way-back.ts';

export interface ImagePageInput {
  readonly image: string;
  readonly overview: Overview;
  /** Absent where it has none. */
  readonly rollout: RolloutBrief | undefined;
  /** Of its verdicts, the newest first; absent where no history is kept. */
  readonly events: readonly HistoryEntry[] | undefined;
  readonly wayBack: WayBack | undefined;
  readonly person: Person;
  readonly now: Date;
}

/** One image: its digests over time, who signed them, where they run, and the way back. */
export function imagePage(input: ImagePageInput): Markup {
  const { image, overview, rollout, events, person, now } = input;
  const known = overview.images.find((one) => one.image === image);
  return layout(
    { title: shortImage(image), person, overview, path: '/images' },
    html`<h1>${image}</h1>
${known === undefined ? html`<p>No RSync that is counted follows it. <a href="${linkOf('/fleet', { image })}">Look for it in the fleet</a></p>` : facts(known, now)}
${rollout === undefined ? '' : rolloutPart(rollout, person)}
${wayBack(input)}
<h2>Digests over time</h2>
${
  events === undefined
    ? html`<p class="quiet">No history is kept: give the config <code>history</code> and <code>records</code>.</p>`
    : digests(digestsOverTime(events), known?.live ?? [], now)
}
<h2>What was said of it</h2>
${events === undefined ? '' : eventList(events.slice(0, 20), now)}
<p class="onward"><a href="${linkOf('/history', { image })}">All its events</a> <a href="${linkOf('/fleet', { image })}">All its RSyncs</a></p>`,
  );
}

function facts(
  {
    image,
    digest,
    verdict = 'not known',
    phases,
    syncs,
    clusters,
    since,
    stages,
  }: Overview['images'][number],
  now: Date,
): Markup {
  return html`<dl class="facts">
<div><dt>Its tag names</dt><dd>${digest === undefined ? html`<span class="quiet">what the next look finds</span>` : wholeCode(digest)} ${toned(verdict, verdictTone(verdict))} <span class="small quiet">${sinceThen(since, now)}</span></dd></div>
<div><dt>Followed by</dt><dd>${numberOf(syncs, 'RSync')} on ${numberOf(clusters, 'cluster')}${counts(phases, { image })}</dd></div>
${stages.map(({ stage, phases: of }) => html`<div><dt>Stage ${stage}</dt><dd>${counts(of, { image, stage })}</dd></div>`)}
</dl>`;
}

function rolloutPart(rollout: RolloutBrief, person: Person): Markup {
  const { id, status, message, stages } = rollout;
  return html`<h2>Its roll-out</h2>
<p><a href="${linkOf('/rollout', { id })}">${id}</a> is ${status}. ${abbreviate(message)}</p>
${stageBars(stages)}
${rolloutActions(rollout, person)}`;
}

function wayBack({ wayBack: way, person }: ImagePageInput): Markup {
  if (way === undefined) return html``;
  const { digest, rollout, command } = way;
  return html`<h2>The way back</h2>
<p>${digest === undefined ? 'No digest before this one is known.' : html`Before it was ${wholeCode(digest)}.`}
${rollout !== undefined && person.mayInvoke ? html` <a class="button small" href="${linkOf('/act', { do: 'rollback', id: rollout })}">Roll back…</a>` : ''}</p>
${command === undefined ? '' : html`<p>Move the tag back, and every RSync follows: <code class="command">${command}</code></p>`}`;
}

function digests(
  found: readonly DigestOverTime[],
  live: Overview['images'][number]['live'],
  now: Date,
): Markup {
  if (found.length === 0)
    return html`<p>Nothing was published of it in the days that are kept.</p>`;
  return html`<div class="scroll"><table class="stack"><thead><tr><th scope="col">Digest</th><th scope="col">First seen</th><th scope="col">Verdict</th><th scope="col">Signed by</th><th scope="col">Made of</th><th scope="col">Runs on</th></tr></thead>
<tbody>${found.map(({ digest, firstAt, verdict, verdictAt, signer, revision, source }) => {
    const runs = live.find((one) => one.digest === digest)?.syncs ?? 0;
    return html`<tr><th scope="row" class="small">${wholeCode(digest)}</th>
<td data-label="First seen" class="small">${sinceThen(firstAt, now)}</td>
<td data-label="Verdict">${toned(verdict, verdictTone(verdict))} <span class="small quiet">${sinceThen(verdictAt, now)}</span></td>
<td data-label="Signed by" class="small">${signer ?? ''}</td>
<td data-label="Made of" class="small">${revision ?? ''}${source === undefined ? '' : ` of ${source}`}</td>
<td data-label="Runs on">${runs === 0 ? html`<span class="quiet">none that is counted</span>` : numberOf(runs, 'RSync')}</td></tr>`;
  })}</tbody></table></div>`;
}
