import { html } from 'hono/html';
import type { ClusterPhase } from '#shared/core/phase.ts';
import type { Person } from '../check-person.ts';
import type { PresentPhase } from '../fleet/present.ts';

/** Escaped: whatever is put into one has been escaped before. */
export type Markup = ReturnType<typeof html>;

/** The frame of every page. */
export function layout(title: string, person: Person | undefined, body: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Countersign</title>
<link rel="icon" href="/page.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<h1><a href="/"><img src="/page.svg" alt="" width="28" height="28">Countersign</a></h1>
<nav aria-label="Pages"><a href="/">Fleet</a> <a href="/openapi.json">API</a></nav>
${person === undefined ? '' : html`<span class="person quiet">Signed in as ${person.name}</span>`}
</header>
<main id="main" tabindex="-1">${body}</main>
<footer class="quiet"><span id="updates">Reload to update.</span></footer>
</body>
</html>
`;
}

/** A query string of what is set. */
export function searchOf(fields: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value) search.set(name, value);
  return search.toString();
}

/** `1 cluster`, `2 clusters`. */
export function numberOf(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** How a thing is shown: the word always stands beside the colour. */
export type Tone = 'ok' | 'wait' | 'bad' | 'none';

/** Of an RSync's phase, or a cluster's. */
export const TONES: Readonly<Record<PresentPhase | ClusterPhase, Tone>> = {
  Synced: 'ok',
  Reachable: 'ok',
  Approved: 'wait',
  Waiting: 'wait',
  Pending: 'wait',
  Unknown: 'wait',
  Ignored: 'none',
  Rejected: 'bad',
  Refused: 'bad',
  Failed: 'bad',
  Blocked: 'bad',
  Stalled: 'bad',
  Unguarded: 'bad',
  Unreachable: 'bad',
  NoConfigSync: 'bad',
  Forbidden: 'bad',
};

/** `2026-11-22 05:00:00 UTC`. */
export function sayTime(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

const DIGEST = /((?:sha256:)?[0-9a-f]{64})/;

/** The text with its digests shortened; the whole one is in a tooltip, and in one place of the page for all. */
export function abbreviate(text: string, mark: (digest: string) => Markup = digestCode): Markup {
  const parts = text.split(DIGEST);
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : mark(part)))}`;
}

/** A digest or a commit, enough of it to distinguish it from others; a chart's key is short as it is. */
export function digestCode(key: string): Markup {
  const short = key.replace(/^((?:sha256:)?[0-9a-f]{12})[0-9a-f]{52}$/, '$1');
  return html`<code title="${key}">${short}</code>`;
}
