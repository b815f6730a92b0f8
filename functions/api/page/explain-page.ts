import { html } from 'hono/html';
import type { Person } from '../check-person.ts';
import type { Explanation, Step } from '../schema/explain.ts';
import { type Markup, layout } from './layout.ts';
import { resyncForm } from './resync-form.ts';
import { toneOf } from './tone.ts';

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
<p>${phase === undefined ? '' : html`<span class="phase ${tone}">${phase}</span>`} <span class="quiet">read at ${readAt}</span></p>
<p class="conclusion ${tone}" role="status">${conclusion}</p>
<ol class="steps">${steps.map(stepItem)}</ol>
${person.mayResync ? html`<h2>Resync</h2>${resyncForm({ cluster, sync })}` : ''}`,
  );
}

function stepItem({ step, outcome, finding, details }: Step): Markup {
  return html`<li><strong>${step}</strong> <span class="phase ${TONES[outcome]}">${WORDS[outcome]}</span>: ${finding}
${details.length === 0 ? '' : html`<ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>`}</li>`;
}
