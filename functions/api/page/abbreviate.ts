import { html } from 'hono/html';
import type { Markup } from './layout.ts';
import { shorten } from './tone.ts';

const DIGEST = /((?:sha256:)?[0-9a-f]{64})/;

/** The text with its digests shortened; the whole one is in a tooltip, and in one place of the page for all. */
export function abbreviate(text: string): Markup {
  const parts = text.split(DIGEST);
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : digestCode(part)))}`;
}

/** The text with its digests whole, for those who want to copy one. */
export function markDigests(text: string): Markup {
  const parts = text.split(DIGEST);
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

/** A digest, or a chart's key, as short as it can be told. */
export function digestCode(key: string): Markup {
  return html`<code title="${key}">${shorten(key)}</code>`;
}
