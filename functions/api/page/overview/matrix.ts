import { html } from 'hono/html';
import { defined } from '#shared/core/defined.ts';
import type { Overview } from '../../overview/operation.ts';
import { numberOf, sayCount, shortImage } from '../../overview/sentences.ts';
import {
  badnessOf,
  digestCode,
  linkOf,
  type Markup,
  toned,
  toneOf,
  verdictTone,
} from '../words.ts';

type Image = Overview['images'][number];
type Phases = Readonly<Record<string, number>>;

/** Images of the first screen, and columns of stages: the rest is in a view of its own. */
const FIRST = 20;
const MAX_STAGES = 6;
/** Labels of the first screen. */
const MAX_LABELS = 3;

/** The fleet as images by stages: each number leads to its RSyncs. `all`: every image there is. */
export function imageMatrix({ images, left }: Overview, all: boolean): Markup {
  if (images.length === 0) return html``;
  const shown = all ? images : images.slice(0, FIRST);
  const stages = stagesOf(shown);
  const more = images.length - shown.length + left.images;
  return html`<div class="scroll"><table class="stack"><caption>RSyncs by image${stages.length === 0 ? '' : ' and stage'}, the worst first</caption>
<thead><tr><th scope="col">Image</th>${stages.length === 0 ? '' : stages.map((stage) => html`<th scope="col">${stage}</th>`)}<th scope="col">${stages.length === 0 ? 'RSyncs' : 'All'}</th></tr></thead>
<tbody>${shown.map((image) => imageRow(image, stages))}</tbody></table></div>
${more === 0 ? '' : html`<p class="onward">${all ? `${sayCount(more)} more images are not listed.` : html`<a href="/images">${sayCount(more)} more images</a>`}</p>`}`;
}

function imageRow(
  { image, digest, verdict = 'not known', phases, stages, syncs }: Image,
  columns: readonly string[],
): Markup {
  return html`<tr><th scope="row"><a href="${linkOf('/image', { image })}" title="${image}">${shortImage(image)}</a>
<div class="small">${toned(verdict, verdictTone(verdict))} ${digest === undefined ? '' : digestCode(digest)}</div></th>
${columns.map((stage) => {
  const of = stages.find((one) => one.stage === stage)?.phases;
  return html`<td data-label="${stage}">${of === undefined ? html`<span class="quiet">none</span>` : counts(of, { image, stage })}</td>`;
})}
<td data-label="All">${counts(phases, { image })}<span class="small quiet">${numberOf(syncs, 'RSync')}</span></td></tr>`;
}

/** How many are in which phase, the worst first; each number leads to them. */
export function counts(phases: Phases, of: Readonly<Record<string, string>>): Markup {
  const known = Object.entries(phases)
    .filter(([, count]) => count > 0)
    .toSorted(([a], [b]) => badnessOf(a) - badnessOf(b));
  return html`<ul>${known.map(
    ([phase, count]) =>
      html`<li><a class="tone ${toneOf(phase)}" href="${linkOf('/fleet', { ...of, phase })}">${sayCount(count)} ${phase}</a></li>`,
  )}</ul>`;
}

/** The stages that most images have, in the order in which they were found. */
function stagesOf(images: readonly Image[]): readonly string[] {
  const known = new Map<string, number>();
  for (const { stages } of images) {
    for (const { stage } of stages) known.set(stage, (known.get(stage) ?? 0) + 1);
  }
  const most = [...known].toSorted(([, a], [, b]) => b - a).slice(0, MAX_STAGES);
  return [...known.keys()].filter((stage) => most.some(([name]) => name === stage));
}

/** RSyncs by the labels of their clusters. */
export function labelMatrix({ labels }: Overview): Markup {
  return html`${labels.slice(0, MAX_LABELS).map(
    ({
      key,
      values,
    }) => html`<div class="scroll"><table class="stack"><caption>RSyncs by ${key} of their clusters</caption>
<thead><tr><th scope="col">${key}</th><th scope="col">Clusters</th><th scope="col">RSyncs</th></tr></thead>
<tbody>${values.map(({ value, clusters, phases }) => {
      const label = selectorOf(key, value);
      return html`<tr><th scope="row"><a href="${linkOf('/fleet', { labels: label })}">${value === '' ? '(empty)' : value}</a></th><td data-label="Clusters">${sayCount(clusters)}</td><td data-label="RSyncs">${counts(phases, defined({ labels: label }))}</td></tr>`;
    })}</tbody></table></div>`,
  )}`;
}

function selectorOf(key: string, value: string): string {
  return `${key}=${value}`;
}

/** RSyncs and clusters by phase, the worst first. */
export function phaseChips(
  { phases }: Pick<Overview, 'phases'>,
  of: Readonly<Record<string, string>> = {},
): Markup {
  const known = Object.entries(phases)
    .filter(([phase, count]) => count > 0 && phase !== 'Reachable')
    .toSorted(([a], [b]) => badnessOf(a) - badnessOf(b));
  return html`<p class="onward">${known.map(
    ([phase, count]) =>
      html`<a class="tone ${toneOf(phase)}" href="${linkOf('/fleet', { ...of, phase })}">${sayCount(count)} ${phase}</a> `,
  )}</p>`;
}
