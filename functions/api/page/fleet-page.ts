import { html } from 'hono/html';
import type { Person } from '../check-person.ts';
import {
  ageOf,
  type ClusterAnswer,
  type FleetAnswer,
  type PresentRow,
  sayAge,
} from '../fleet/present.ts';
import { ANY_PHASE, type FleetQuery } from '../fleet/operation.ts';
import {
  abbreviate,
  digestCode,
  layout,
  type Markup,
  numberOf,
  searchOf,
  type Tone,
  TONES,
} from './layout.ts';
import { healthTone, sayHealth, type Summary } from './read-summary.ts';
import { resyncForm } from './resync-page.ts';

export interface FleetPageInput {
  readonly summary: Summary;
  readonly answer: FleetAnswer;
  readonly query: FleetQuery;
  /** Roll-outs, shown; empty where there are none. */
  readonly freezes: Markup;
  readonly rollouts: Markup;
  readonly person: Person;
  readonly now: Date;
  /** A resync that was just asked for. */
  readonly asked?: { readonly id: string; readonly clusters: number };
}

/** The whole fleet for people: one line, then clusters and their RSyncs, then images. */
export function fleetPage(input: FleetPageInput): Markup {
  const { summary, person, asked, query, freezes, rollouts } = input;
  return layout(
    'Fleet',
    person,
    html`${asked === undefined ? '' : notice(asked)}
<p id="health" data-live class="health ${healthTone(summary)}" role="status">${sayHealth(summary)}</p>
<div id="phases" data-live>${phaseLinks(summary, query)}</div>
${freezes}${rollouts}${filterForm(query, summary)}
<div id="fleet" data-live>
${matrix(input)}
${images(summary)}
</div>
${person.mayInvoke ? html`<h2>Resync</h2>${resyncForm(query)}` : ''}`,
  );
}

function notice({ id, clusters }: { id: string; clusters: number }): Markup {
  return html`<p class="notice" role="status">Resync ${id}: ${numberOf(clusters, 'cluster')} tasked</p>`;
}

/** How many are in each phase; each number leads to them. */
function phaseLinks({ phases, ageSeconds }: Summary, query: FleetQuery): Markup {
  const links = ANY_PHASE.filter((phase) => phases.has(phase) && phase !== 'Reachable').map(
    (phase) =>
      html`<li><a class="chip ${TONES[phase]}" href="/?${searchOf({ phase })}" ${phase === query.phase ? 'aria-current=true' : ''}>${phases.get(phase)} ${phase}</a></li>`,
  );
  return html`${links.length === 0 ? '' : html`<ul class="chips" aria-label="By phase">${links}</ul>`}
<p class="quiet">The oldest reading is ${sayAge(ageSeconds)} old.</p>`;
}

function filterForm({ image, cluster, phase }: FleetQuery, { images: known }: Summary): Markup {
  const options = ANY_PHASE.map(
    (name) => html`<option ${name === phase ? 'selected' : ''}>${name}</option>`,
  );
  return html`<form class="fields" method="get" action="/" role="search" aria-label="Filter">
<label class="wide">Image <input name="image" list="images" value="${image ?? ''}" maxlength="1024"></label>
<label>Cluster <input name="cluster" value="${cluster ?? ''}" maxlength="512"></label>
<label>Phase <select name="phase"><option value="">Any</option>${options}</select></label>
<button>Show</button>
<datalist id="images">${known.map((one) => html`<option value="${one.image}"></option>`)}</datalist>
</form>`;
}

function matrix({ answer, query, now }: FleetPageInput): Markup {
  const { clusters, next } = answer;
  const { image, cluster, phase, sync, cursor } = query;
  const filtered = [image, cluster, phase, sync].some((value) => value !== undefined);
  const onward: Markup[] = [];
  const pageAt = (at: string | undefined): string => `/?${searchOf({ ...query, cursor: at })}`;
  if (filtered) onward.push(html`<a href="/">All clusters</a>`);
  if (cursor) onward.push(html`<a href="${pageAt(undefined)}">First page</a>`);
  if (next) onward.push(html`<a href="${pageAt(next)}" rel="next">Next page</a>`);
  return html`<h2>Clusters</h2>
${clusters.length === 0 ? html`<p>Nothing to show${filtered ? ' by this filter' : ''}.</p>` : clusters.map((one) => clusterBlock(one, now))}
${onward.length === 0 ? '' : html`<p class="onward">${onward}</p>`}`;
}

function clusterBlock({ view, rows }: ClusterAnswer, now: Date): Markup {
  const { cluster, phase, message, ageSeconds } = view;
  const age = ageSeconds === undefined ? 'never read' : `read ${sayAge(ageSeconds)} ago`;
  const badge = phase === 'Reachable' ? '' : html`<span class="phase bad">${phase}</span>`;
  return html`<section class="cluster" aria-label="${cluster}">
<div class="head"><h3>${cluster}</h3> ${badge} <span class="quiet">${age}</span></div>
${message === undefined ? '' : html`<p>${message}</p>`}
${rows.length === 0 ? '' : html`<ul class="cells">${rows.toSorted(rootFirst).map((row) => cell(cluster, row, now))}</ul>`}
</section>`;
}

function rootFirst(a: PresentRow, b: PresentRow): number {
  return Number(b.sync.startsWith('Root')) - Number(a.sync.startsWith('Root'));
}

function cell(cluster: string, row: PresentRow, now: Date): Markup {
  const { sync, record, live, approved, present, errors, breakGlass } = row;
  const { phase, since, message } = present;
  const digest = record.digest ?? live ?? approved[0];
  const [error] = errors;
  const [line = ''] = error?.message.split('\n', 1) ?? [];
  return html`<li class="${TONES[phase]}">
<a href="/explain?${searchOf({ cluster, sync })}">${sync}</a>
<p><span class="phase ${TONES[phase]}">${phase}</span> <span class="quiet">for ${sayAge(ageOf(since, now))}</span>
${digest === undefined ? '' : digestCode(digest)}</p>
${phase === 'Synced' ? '' : html`<p class="what">${abbreviate(message)}</p>`}
${error === undefined ? '' : html`<p class="what error">${error.code}: ${abbreviate(line)}</p>`}
${breakGlass === undefined ? '' : html`<p class="what error">Glass broken: ${abbreviate(breakGlass)}</p>`}
</li>`;
}

/** Images shown: those of the last changes. */
const MAX_IMAGES = 20;

function images({ images: known }: Summary): Markup {
  if (known.length === 0) return html``;
  return html`<h2>Images</h2>
<ul class="cells">${known.slice(0, MAX_IMAGES).map(
    ({ image, digest, verdict = 'unknown', syncs }) => html`<li class="${verdictTone(verdict)}">
<a href="/?${searchOf({ image })}">${image}</a>
<p><span class="phase ${verdictTone(verdict)}">${verdict}</span>
<span class="quiet">${numberOf(syncs, 'RSync')}</span>
${digest === undefined ? '' : digestCode(digest)}</p>
</li>`,
  )}</ul>`;
}

function verdictTone(verdict: string): Tone {
  if (verdict === 'verified') return 'ok';
  return verdict === 'untrusted' || verdict === 'unusable' ? 'bad' : 'wait';
}
