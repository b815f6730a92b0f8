import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import type { FleetQuery } from '../../fleet/operation.ts';
import { ANY_PHASE } from '../../fleet/operation.ts';
import { ageOf } from '#shared/overview/present-row.ts';
import type { FleetAnswer } from '../../fleet/present.ts';
import { sayAge } from '../../fleet/present.ts';
import type { Overview } from '../../overview/operation.ts';
import { sayCount, shortImage } from '../../overview/sentences.ts';
import { layout } from '../layout.ts';
import { shortName } from '../overview/needs.ts';
import { phaseChips } from '../overview/matrix.ts';
import { abbreviate, digestCode, linkOf, type Markup, toned, toneOf } from '../words.ts';
import { type Line, linesOf } from './lines.ts';

/** RSyncs of one page. */
const PAGE = 100;

export interface FleetPageInput {
  readonly answer: FleetAnswer;
  readonly query: FleetQuery;
  /** Which hundred of what was found. */
  readonly part: number;
  readonly overview: Overview;
  readonly person: Person;
  readonly now: Date;
  readonly done?: string | undefined;
}

/** RSyncs and clusters that are looked for, the worst first. */
export function fleetPage(input: FleetPageInput): Markup {
  const { answer, query, part, overview, person, now, done } = input;
  const lines = linesOf(answer.clusters, query);
  const shown = lines.slice((part - 1) * PAGE, part * PAGE);
  const title = Object.values(query).some(Boolean) ? 'Fleet, filtered' : 'Fleet';
  return layout(
    { title, person, overview, path: '/fleet', live: true, done },
    html`<h1>Fleet</h1>
${filterForm(query, overview)}
<div id="phases" data-live>${phaseChips(overview)}</div>
<section id="rows" data-live>
${found(lines.length, answer.next !== undefined, query)}
${shown.length === 0 ? '' : table(shown, now)}
${onward(lines.length, input)}
</section>`,
  );
}

function found(count: number, more: boolean, query: FleetQuery): Markup {
  const filtered = Object.entries(query).some(
    ([name, value]) => Boolean(value) && name !== 'cursor',
  );
  const back = filtered ? html` <a href="/fleet">Show all</a>` : '';
  if (count > 0) {
    return html`<p>${sayCount(count)}${more ? ' and more' : ''} found, the worst first.${back}</p>`;
  }
  if (more) return html`<p>Nothing in this part of the fleet: the next one may have it.${back}</p>`;
  return html`<p>Nothing is found${filtered ? ': a part of a name is enough in the search; images are written in full' : ''}.${back}</p>`;
}

function filterForm(query: FleetQuery, { images }: Overview): Markup {
  const { search, image, stage, labels, phase, cluster } = query;
  const options = ANY_PHASE.map(
    (name) => html`<option${name === phase ? html` selected` : ''}>${name}</option>`,
  );
  const stages = [...new Set(images.flatMap((one) => one.stages.map(({ stage: name }) => name)))];
  return html`<form class="fields" method="get" action="/fleet" aria-label="Filter">
<label>Part of a name <input type="search" name="search" value="${search ?? ''}" maxlength="256"></label>
<label>Image <input name="image" list="images" value="${image ?? ''}" maxlength="1024"></label>
<label>Labels of the cluster <input name="labels" value="${labels ?? ''}" placeholder="env = prod" maxlength="1024"></label>
${cluster === undefined ? '' : html`<label>Cluster <input name="cluster" value="${cluster}" maxlength="512"></label>`}
<label>Stage <input name="stage" list="stages" value="${stage ?? ''}" maxlength="512"></label>
<label>Phase <select name="phase"><option value="">Any</option>${options}</select></label>
<div class="buttons"><button>Show</button></div>
<datalist id="images">${images.slice(0, 50).map((one) => html`<option value="${one.image}"></option>`)}</datalist>
<datalist id="stages">${stages.slice(0, 50).map((name) => html`<option value="${name}"></option>`)}</datalist>
</form>`;
}

function table(lines: readonly Line[], now: Date): Markup {
  return html`<div class="scroll"><table class="stack"><thead><tr><th scope="col">RSync</th><th scope="col">Phase</th><th scope="col">Image</th><th scope="col">Runs</th><th scope="col">What is known</th></tr></thead>
<tbody>${lines.map((line) => row(line, now))}</tbody></table></div>`;
}

function row(
  { cluster, sync, phase, since, message, image, live, target, glass, error }: Line,
  now: Date,
): Markup {
  const name =
    sync === undefined
      ? html`<a href="${linkOf('/fleet', { cluster })}" title="${cluster}">${shortName(cluster)}</a>`
      : html`<a href="${linkOf('/explain', { cluster, sync })}">${sync}</a> <span class="small quiet" title="${cluster}">on ${shortName(cluster)}</span>`;
  const age =
    since === undefined
      ? ''
      : html` <span class="small quiet">for ${sayAge(ageOf(since, now))}</span>`;
  const names = target !== undefined && target !== live;
  return html`<tr><th scope="row">${name}</th><td data-label="Phase">${toned(phase, toneOf(phase))}${age}${glass ? html` ${toned('break-glass', 'bad')}` : ''}</td>
<td data-label="Image">${image === undefined ? '' : html`<a href="${linkOf('/image', { image })}" title="${image}">${shortImage(image)}</a>`}</td>
<td data-label="Runs">${live === undefined ? html`<span class="quiet">nothing known</span>` : digestCode(live)}${names ? html` <span class="small quiet">tag names ${digestCode(target)}</span>` : ''}</td>
<td data-label="Known" class="small">${phase === 'Synced' ? '' : abbreviate(message)}${error === undefined ? '' : html` <span class="quiet">${abbreviate(error)}</span>`}</td></tr>`;
}

function onward(count: number, { answer, query, part }: FleetPageInput): Markup {
  const at = (cursor: string | undefined, to: number): string =>
    linkOf('/fleet', { ...query, cursor, part: to === 1 ? undefined : `${to}` });
  const links: Markup[] = [];
  if (part > 1)
    links.push(html`<a href="${at(query.cursor, part - 1)}" rel="prev">Previous hundred</a>`);
  if (count > part * PAGE)
    links.push(html`<a href="${at(query.cursor, part + 1)}" rel="next">Next hundred</a>`);
  if (answer.next !== undefined && count <= part * PAGE) {
    links.push(html`<a href="${at(answer.next, 1)}" rel="next">Further clusters</a>`);
  }
  if (query.cursor !== undefined) links.push(html`<a href="${at(undefined, 1)}">First page</a>`);
  return links.length === 0 ? html`` : html`<p class="onward">${links}</p>`;
}
