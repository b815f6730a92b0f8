import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import type { HistoryPage, HistoryRequest } from '../../history/operation.ts';
import type { Overview } from '../../overview/operation.ts';
import { layout } from '../layout.ts';
import { linkOf, type Markup } from '../words.ts';
import { dayAtAGlance } from './day.ts';
import { eventList } from './event-list.ts';

export interface HistoryPageInput {
  readonly request: HistoryRequest;
  readonly found: HistoryPage;
  /** What happened in the last day, of the same filter. */
  readonly day: HistoryPage;
  readonly person: Person;
  readonly overview: Overview | undefined;
  readonly now: Date;
}

/** Types that people look for, and what they are. */
const TYPES = [
  ['', 'All'],
  ['image', 'Verdicts of images'],
  ['sync', 'RSyncs'],
  ['rollout', 'Roll-outs'],
  ['freeze', 'Freezes'],
  ['cluster', 'Clusters'],
  ['resync', 'Resyncs'],
  ['withdrawal', 'Withdrawals'],
] as const;

/** Who did what, and why. */
export function historyPage({
  request,
  found,
  day,
  person,
  overview,
  now,
}: HistoryPageInput): Markup {
  const { events, days, next } = found;
  const filtered = Object.values(request).some(Boolean);
  return layout(
    { title: 'History', person, overview, path: '/history' },
    html`<h1>History</h1>
<p class="quiet small">Every event of the last ${days} days: what was approved, withdrawn, rolled out and decided, by whom and why.</p>
${filterForm(request)}
<h2>The last day</h2>
${dayAtAGlance(day.events, now, day.next !== undefined)}
<h2>Events</h2>
${eventList(events, now)}
<p class="onward">${next === undefined ? '' : html`<a href="${linkOf('/history', { ...request, cursor: next })}" rel="next">Older events</a> `}${request.cursor === undefined ? '' : html`<a href="${linkOf('/history', { ...request, cursor: undefined })}">Newest events</a> `}${filtered ? html`<a href="/history">All events</a>` : ''}</p>`,
  );
}

function filterForm({ since, image, cluster, actor, type }: HistoryRequest): Markup {
  return html`<form class="fields" method="get" action="/history" aria-label="Filter">
<label>Since <input name="since" value="${since ?? ''}" placeholder="12h, 7d or 2026-11-22" maxlength="64"></label>
<label>What <select name="type">${TYPES.map(([value, name]) => html`<option value="${value}"${value === (type ?? '') ? html` selected` : ''}>${name}</option>`)}</select></label>
<label>Who <input name="actor" value="${actor ?? ''}" maxlength="512"></label>
<label>Image <input name="image" value="${image ?? ''}" maxlength="1024"></label>
<label>Cluster <input name="cluster" value="${cluster ?? ''}" maxlength="512"></label>
<div class="buttons"><button>Show</button></div>
</form>`;
}
