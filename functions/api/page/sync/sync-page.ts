import { html } from 'hono/html';
import { OUTCOME_WORDS } from '#shared/core/outcome-words.ts';
import type { Person } from '../../check-person.ts';
import type { Explanation, Step } from '../../explain/operation.ts';
import type { HistoryEntry } from '../../history/operation.ts';
import type { Overview } from '../../overview/operation.ts';
import type { SyncRow } from '#shared/store/store.ts';
import { eventList } from '../history/event-list.ts';
import { layout } from '../layout.ts';
import { shortName } from '../overview/needs.ts';
import { abbreviate, linkOf, type Markup, sayTime, type Tone, toned, toneOf } from '../words.ts';
import { sayReceipt } from './say-receipt.ts';
import { threeLines } from './three-lines.ts';

export interface SyncPageInput {
  readonly explanation: Explanation;
  /** As the snapshot has it; absent where it was never looked at. */
  readonly row: SyncRow | undefined;
  /** When its cluster was looked at last. */
  readonly lookedAt: string | undefined;
  /** The newest first; absent where no history is kept, or it cannot be read. */
  readonly events: readonly HistoryEntry[] | undefined;
  readonly person: Person;
  readonly overview: Overview | undefined;
  readonly now: Date;
  readonly done?: string | undefined;
}

const OUTCOME_TONES: Readonly<Record<Step['outcome'], Tone>> = {
  ok: 'ok',
  wait: 'wait',
  bad: 'bad',
  unknown: 'bad',
  skipped: 'none',
};

/** One RSync: what runs, what its tag names, what is approved, and why. */
export function syncPage(input: SyncPageInput): Markup {
  const { explanation, person, overview, done, events, now } = input;
  const { cluster, sync, phase, readAt, steps, conclusion, fix } = explanation;
  const tone = phase === undefined ? 'bad' : toneOf(phase);
  return layout(
    { title: `${sync} on ${shortName(cluster)}`, person, overview, done },
    html`<h1>${sync} <span class="quiet">on</span> <span title="${cluster}">${shortName(cluster)}</span></h1>
<p class="quiet small">${cluster} · read at <time datetime="${readAt}">${sayTime(readAt)}</time></p>
<p class="notice ${tone}" role="status">${phase === undefined ? '' : html`${toned(phase, tone)}. `}${abbreviate(conclusion)}</p>
${fix === undefined ? '' : html`<p>${fix.why}: <code class="command">${fix.command}</code></p>`}
${threeLines(input)}
${actions(input)}
<h2>Why: step by step</h2>
<ol class="plain steps">${steps.map(stepItem)}</ol>
<h2>What happened to it</h2>
${
  events === undefined
    ? html`<p class="quiet">No history is kept: give the config <code>history</code> and <code>records</code>.</p>`
    : eventList(events, now)
}
<p class="onward"><a href="${linkOf('/history', { cluster })}">All events of the cluster</a> <a href="${linkOf('/fleet', { cluster })}">All RSyncs of the cluster</a></p>`,
  );
}

function actions({ explanation: { cluster, sync }, row, person }: SyncPageInput): Markup {
  if (!person.mayInvoke) return html``;
  const held = row?.held !== undefined;
  const hold = held
    ? html`<a class="button" href="${linkOf('/act', { do: 'unhold', cluster, sync })}">Lift the hold…</a>`
    : html`<a class="button" href="${linkOf('/act', { do: 'hold', cluster, sync })}">Hold…</a>`;
  return html`<p class="buttons"><a class="button" href="${linkOf('/act', { do: 'resync', cluster, sync })}">Resync…</a> ${hold}</p>`;
}

function stepItem({ step, outcome, finding, details }: Step): Markup {
  const word = OUTCOME_WORDS[outcome];
  const tone = OUTCOME_TONES[outcome];
  return html`<li class="${tone}">
<p class="step"><strong>${step}</strong> ${toned(word, tone)}</p>
<div><p>${abbreviate(finding)}</p>${details.length === 0 ? '' : html`<ul>${details.map(detailItem)}</ul>`}</div>
</li>`;
}

function detailItem(detail: string, at: number): Markup {
  const receipt = detail.startsWith('{') ? sayReceipt(detail) : undefined;
  if (receipt === undefined) return html`<li>${abbreviate(detail)}</li>`;
  return html`<li>${abbreviate(receipt)}<details id="receipt-${at}"><summary>The receipt as it stands</summary><pre>${detail}</pre></details></li>`;
}
