import { html } from 'hono/html';
import type { ClusterPhase } from '#shared/core/phase.ts';
import type { PresentPhase } from '#shared/overview/present-row.ts';
import { ageOf } from '#shared/overview/present-row.ts';
import { sayAge } from '../fleet/present.ts';
import { shortDigest } from '../overview/sentences.ts';

/** Escaped: whatever is put into one has been escaped before. */
export type Markup = ReturnType<typeof html>;

/** How a thing is shown: a word and a form always stand beside the colour. */
export type Tone = 'ok' | 'wait' | 'bad' | 'none';

/** Of an RSync's phase, or a cluster's, the worst first. */
const TONES: Readonly<Record<PresentPhase | ClusterPhase, Tone>> = {
  Unguarded: 'bad',
  Rejected: 'bad',
  Refused: 'bad',
  Blocked: 'bad',
  Failed: 'bad',
  Stalled: 'bad',
  Forbidden: 'bad',
  Unreachable: 'bad',
  NoConfigSync: 'bad',
  Unknown: 'wait',
  Pending: 'wait',
  Approved: 'wait',
  Waiting: 'wait',
  Synced: 'ok',
  Reachable: 'ok',
  Ignored: 'none',
};

const ORDER = Object.keys(TONES);

/** The tone of a phase; of a word that is none, `none`. */
export function toneOf(phase: string): Tone {
  return Object.entries(TONES).find(([name]) => name === phase)?.[1] ?? 'none';
}

/** Before what is better. */
export function badnessOf(phase: string): number {
  return ORDER.indexOf(phase);
}

/** The tone of a verdict. */
export function verdictTone(verdict: string): Tone {
  if (verdict === 'verified') return 'ok';
  return verdict === 'untrusted' || verdict === 'unusable' ? 'bad' : 'wait';
}

/** A word with the form and colour of its tone. */
export function toned(word: string, tone: Tone): Markup {
  return html`<span class="tone ${tone}">${word}</span>`;
}

/** A query string of what is set. */
function searchOf(fields: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value) search.set(name, value);
  return search.toString();
}

/** A path with a query string of what is set. */
export function linkOf(path: string, fields: Readonly<Record<string, string | undefined>>): string {
  const search = searchOf(fields);
  return search === '' ? path : `${path}?${search}`;
}

/** `2026-11-22 05:00:00 UTC`. */
export function sayTime(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

/** `2 h ago`, with the time itself. */
export function ago(time: string, now: Date): Markup {
  return html`<time datetime="${time}" title="${sayTime(time)}">${sayAge(ageOf(time, now))} ago</time>`;
}

/** `for 2 h, since 05:00 UTC`. */
export function sinceThen(time: string, now: Date): Markup {
  return html`<time datetime="${time}">since ${sayTime(time)} (${sayAge(ageOf(time, now))})</time>`;
}

const DIGEST = /((?:sha256:)?[0-9a-f]{64})/;

/** The text with its digests shortened; the whole one is in a tooltip, and in one place of a view for all. */
export function abbreviate(text: string, mark: (digest: string) => Markup = digestCode): Markup {
  const parts = text.split(DIGEST);
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : mark(part)))}`;
}

/** A digest or a commit, enough of it to distinguish it from others; a chart's key is short as it is. */
export function digestCode(key: string): Markup {
  return html`<code title="${key}">${shortDigest(key).replace(/^([0-9a-f]{12})[0-9a-f]{52}$/, '$1')}</code>`;
}

/** A digest as it is, to be copied. */
export function wholeCode(key: string): Markup {
  return html`<code>${key}</code>`;
}
