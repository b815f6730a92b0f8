import { html } from 'hono/html';
import { CLUSTER_PHASES, PHASES } from '#shared/core/phase.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { Person } from '../check-person.ts';
import type { ClusterAnswer, FleetAnswer } from '../fleet/fleet-answer.ts';
import { ageOf } from '../fleet/view.ts';
import type { FleetQuery } from '../schema/fleet.ts';
import { type Markup, layout } from './layout.ts';
import { type Summary, isWell, numberOf, sayHealth } from './read-summary.ts';
import { resyncForm } from './resync-form.ts';
import { sayAge, shorten, toneOf } from './tone.ts';

export interface FleetPageInput {
  readonly summary: Summary;
  readonly answer: FleetAnswer;
  readonly query: FleetQuery;
  readonly person: Person;
  readonly now: Date;
  /** A resync that was just asked for. */
  readonly asked?: { readonly id: string; readonly clusters: number };
}

/** The whole fleet for people: one line, then clusters and their RSyncs, then images. */
export function fleetPage(input: FleetPageInput): Markup {
  const { summary, person, asked, query } = input;
  return layout(
    'Fleet',
    person,
    html`${asked === undefined ? '' : notice(asked)}
<p id="health" data-live class="health ${isWell(summary) ? 'ok' : ''}" role="status">${sayHealth(summary)}</p>
<p id="age" data-live class="quiet">The oldest reading is ${sayAge(summary.ageSeconds)} old.</p>
${filterForm(query, summary)}
<div id="fleet" data-live>
${matrix(input)}
${images(summary)}
</div>
${person.mayResync ? html`<h2>Resync</h2>${resyncForm(query)}` : ''}`,
  );
}

function notice({ id, clusters }: { id: string; clusters: number }): Markup {
  return html`<p class="notice" role="status">Resync ${id}: ${numberOf(clusters, 'cluster')} tasked</p>`;
}

function filterForm({ image, cluster, phase }: FleetQuery, { images: known }: Summary): Markup {
  const options = [...PHASES, ...CLUSTER_PHASES].map(
    (name) => html`<option ${name === phase ? 'selected' : ''}>${name}</option>`,
  );
  return html`<h2>Filter</h2>
<form class="fields" method="get" action="/">
<label>Image <input name="image" list="images" value="${image ?? ''}" maxlength="1024"></label>
<label>Cluster <input name="cluster" value="${cluster ?? ''}" maxlength="512"></label>
<label>Phase <select name="phase"><option value="">Any</option>${options}</select></label>
<button>Show</button>
<datalist id="images">${known.map((one) => html`<option value="${one.image}"></option>`)}</datalist>
</form>`;
}

function matrix({ answer, query, now }: FleetPageInput): Markup {
  const { clusters, next } = answer;
  return html`<h2>Clusters</h2>
${clusters.length === 0 ? html`<p>Nothing to show.</p>` : clusters.map((one) => clusterBlock(one, now))}
${next === undefined ? '' : html`<p><a href="/?${searchOf({ ...query, cursor: next })}" rel="next">Next page</a></p>`}`;
}

function clusterBlock({ view, rows }: ClusterAnswer, now: Date): Markup {
  const { cluster, phase, message, ageSeconds } = view;
  const age = ageSeconds === undefined ? 'never read' : `read ${sayAge(ageSeconds)} ago`;
  return html`<section class="cluster" aria-label="${cluster}">
<div class="head"><h3>${cluster}</h3> <span class="phase ${toneOf(phase)}">${phase}</span> <span class="quiet">${age}</span></div>
${message === undefined ? '' : html`<p>${message}</p>`}
${rows.length === 0 ? '' : html`<ul class="cells">${rows.map((row) => cell(cluster, row, now))}</ul>`}
</section>`;
}

function cell(cluster: string, row: SyncRow, now: Date): Markup {
  const { sync, record, live, approved, message, errors, breakGlass } = row;
  const { phase, since } = record;
  const digest = record.digest ?? live ?? approved[0];
  const [error] = errors;
  return html`<li class="${toneOf(phase)}">
<a href="/explain?${searchOf({ cluster, sync })}">${sync}</a>
<p><span class="phase ${toneOf(phase)}">${phase}</span> <span class="quiet">for ${sayAge(ageOf(since, now))}</span>
${digest === undefined ? '' : html`<code title="${digest}">${shorten(digest)}</code>`}</p>
<p class="what">${message}</p>
${error === undefined ? '' : html`<p class="what">${error.code}: ${firstLine(error.message)}</p>`}
${breakGlass === undefined ? '' : html`<p class="what">Glass broken: ${breakGlass}</p>`}
</li>`;
}

/** Images shown: those of the last changes. */
const MAX_IMAGES = 20;

function images({ images: known }: Summary): Markup {
  if (known.length === 0) return html``;
  return html`<h2>Images</h2>
<ul class="cells">${known.slice(0, MAX_IMAGES).map(
    ({
      image,
      digest,
      verdict = 'unknown',
      syncs,
    }) => html`<li class="${verdict === 'verified' ? 'ok' : 'wait'}">
<a href="/?${searchOf({ image })}">${image}</a>
<p><span class="phase ${verdict === 'verified' ? 'ok' : 'wait'}">${verdict}</span>
<span class="quiet">${numberOf(syncs, 'RSync')}</span>
${digest === undefined ? '' : html`<code title="${digest}">${shorten(digest)}</code>`}</p>
</li>`,
  )}</ul>`;
}

/** A query string of what is set. */
export function searchOf(fields: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value) search.set(name, value);
  return search.toString();
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
