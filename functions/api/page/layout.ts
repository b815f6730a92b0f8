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

/** How a thing is shown: the word always stands beside the colour. */
export type Tone = 'ok' | 'wait' | 'bad' | 'none';

/** Of an RSync's phase, or a cluster's. */
export function toneOf(phase: PresentPhase | ClusterPhase): Tone {
  switch (phase) {
    case 'Synced':
    case 'Reachable':
      return 'ok';
    case 'Approved':
    case 'Pending':
    case 'Unknown':
      return 'wait';
    case 'Ignored':
      return 'none';
    case 'Rejected':
    case 'Refused':
    case 'Failed':
    case 'Blocked':
    case 'Stalled':
    case 'Unguarded':
    case 'Unreachable':
    case 'NoConfigSync':
    case 'Forbidden':
      return 'bad';
  }
}

/** Enough of a digest, or of a commit, to distinguish it from others; a chart's key is short as it is. */
function shorten(key: string): string {
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(key) ?? [];
  return hex === undefined ? key : `${key.slice(0, key.length - hex.length)}${hex.slice(0, 12)}`;
}

/** `2026-11-22 05:00:00 UTC`. */
export function sayTime(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

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

/** A digest, or a chart's key, shortened. */
export function digestCode(key: string): Markup {
  return html`<code title="${key}">${shorten(key)}</code>`;
}
