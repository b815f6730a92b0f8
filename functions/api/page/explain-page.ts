import { html } from 'hono/html';
import type { Person } from '../check-person.ts';
import type { Explanation, Step } from '../schema/explain.ts';
import { abbreviate, layout, markDigests, type Markup, sayTime, toneOf } from './layout.ts';
import { resyncThis } from './resync-page.ts';

const WORDS = {
  ok: 'well',
  wait: 'waiting',
  bad: 'wrong',
  unknown: 'not known',
  skipped: 'left out',
};
const TONES = { ok: 'ok', wait: 'wait', bad: 'bad', unknown: 'bad', skipped: 'none' };

/** Why one RSync is, or is not, on its tag's digest. */
export function explainPage(explanation: Explanation, person: Person): Markup {
  const { cluster, sync, phase, readAt, steps, conclusion } = explanation;
  const tone = phase === undefined ? 'bad' : toneOf(phase);
  return layout(
    `${sync} on ${cluster}`,
    person,
    html`<h2>${sync} on ${cluster}</h2>
<p>${phase === undefined ? '' : html`<span class="phase ${tone}">${phase}</span>`} <span class="quiet">read at <time datetime="${readAt}">${sayTime(readAt)}</time></span></p>
<p class="conclusion ${tone}" role="status">${abbreviate(conclusion)}</p>
<ol class="steps">${steps.map(stepItem)}</ol>
${person.mayResync ? html`<h2>Resync it</h2>${resyncThis({ cluster, sync })}` : ''}`,
  );
}

function stepItem({ step, outcome, finding, details }: Step): Markup {
  const tone = TONES[outcome];
  // One place has the digest as it is, to be copied.
  const shown = step === 'digest' ? markDigests(finding) : abbreviate(finding);
  return html`<li class="${tone}">
<p class="step"><strong>${step}</strong> <span class="phase ${tone}">${WORDS[outcome]}</span></p>
<div><p>${shown}</p>${details.length === 0 ? '' : html`<ul>${details.map(detailItem)}</ul>`}</div>
</li>`;
}

function detailItem(detail: string): Markup {
  const receipt = readObject(detail);
  return receipt === undefined
    ? html`<li>${abbreviate(detail)}</li>`
    : html`<li class="folded"><details><summary>Receipt</summary><pre>${JSON.stringify(receipt, null, 2)}</pre></details></li>`;
}

/** A receipt is the only detail that is JSON. */
function readObject(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
