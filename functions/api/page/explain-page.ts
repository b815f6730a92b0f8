import { html } from 'hono/html';
import { parseJson } from '#shared/net/json.ts';
import type { Person } from '../check-person.ts';
import type { Explanation, Step } from '../explain/operation.ts';
import { abbreviate, layout, type Markup, sayTime, type Tone, TONES } from './layout.ts';
import { resyncThis } from './resync-page.ts';

/** The word and the tone of each outcome. */
const SHOWN: Readonly<Record<Step['outcome'], readonly [string, Tone]>> = {
  ok: ['well', 'ok'],
  wait: ['waiting', 'wait'],
  bad: ['wrong', 'bad'],
  unknown: ['not known', 'bad'],
  skipped: ['left out', 'none'],
};

/** Why one RSync is, or is not, on its tag's digest. */
export function explainPage(explanation: Explanation, person: Person): Markup {
  const { cluster, sync, phase, readAt, steps, conclusion } = explanation;
  const tone = phase === undefined ? 'bad' : TONES[phase];
  return layout(
    `${sync} on ${cluster}`,
    person,
    html`<h2>${sync} on ${cluster}</h2>
<p>${phase === undefined ? '' : html`<span class="phase ${tone}">${phase}</span>`} <span class="quiet">read at <time datetime="${readAt}">${sayTime(readAt)}</time></span></p>
<p class="conclusion ${tone}" role="status">${abbreviate(conclusion)}</p>
<ol class="steps">${steps.map(stepItem)}</ol>
${person.mayInvoke ? html`<h2>Resync it</h2>${resyncThis({ cluster, sync })}` : ''}`,
  );
}

function stepItem({ step, outcome, finding, details }: Step): Markup {
  const [word, tone] = SHOWN[outcome];
  // One place has the digest as it is, to be copied.
  const whole = (digest: string): Markup => html`<code>${digest}</code>`;
  const shown = abbreviate(finding, step === 'digest' ? whole : undefined);
  return html`<li class="${tone}">
<p class="step"><strong>${step}</strong> <span class="phase ${tone}">${word}</span></p>
<div><p>${shown}</p>${details.length === 0 ? '' : html`<ul>${details.map(detailItem)}</ul>`}</div>
</li>`;
}

function detailItem(detail: string): Markup {
  // A receipt is the only detail that is JSON.
  const receipt = detail.startsWith('{') ? parseJson(detail) : undefined;
  return receipt === undefined
    ? html`<li>${abbreviate(detail)}</li>`
    : html`<li class="folded"><details><summary>Receipt</summary><pre>${JSON.stringify(receipt, null, 2)}</pre></details></li>`;
}
