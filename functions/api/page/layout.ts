import { html } from 'hono/html';
import { defined } from '#shared/core/defined.ts';
import type { Person } from '../check-person.ts';
import type { Overview } from '../overview/operation.ts';
import { markPath } from './assets/mark.ts';
import { linkOf, type Markup, sayTime } from './words.ts';

/** What every view has around it. */
export interface Frame {
  readonly title: string;
  readonly person?: Person | undefined;
  /** Absent where it could not be read, or its reader has no access. */
  readonly overview?: Overview | undefined;
  /** The view's own path, of those in the menu. */
  readonly path?: string;
  /** It is replaced by itself when there is news. */
  readonly live?: boolean;
  /** Just done by the person who looks. */
  readonly done?: string | undefined;
}

const MENU = [
  ['/', 'Overview'],
  ['/fleet', 'Fleet'],
  ['/images', 'Images'],
  ['/rollouts', 'Roll-outs'],
  ['/freezes', 'Freezes'],
  ['/history', 'History'],
  ['/help', 'Help'],
] as const;

const STATE_WORDS: Readonly<Record<Overview['state'], string>> = {
  well: 'Well',
  waiting: 'Waiting',
  unwell: 'Not well',
  unknown: 'Not known',
  empty: 'Empty',
};

/** The frame of every page; its title and mark say how the fleet is. */
export function layout(frame: Frame, body: Markup): Markup {
  const { title, person, overview, path, live = false, done } = frame;
  const state = overview?.state ?? 'empty';
  const word = overview === undefined ? [] : [STATE_WORDS[overview.state]];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${[...word, title, 'Countersign'].join(' · ')}</title>
<link rel="icon" href="${markPath(state)}" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<div class="frame">
<header class="top">
<a class="brand" href="/"><span id="mark" data-live><img src="${markPath(state)}" alt="" width="26" height="26"></span>Countersign</a>
${person === undefined ? '' : menu(path)}
<div class="live"><span id="updates" role="status">${live ? 'Reload to update.' : ''}</span>${asOf(overview)}</div>
</header>
${emergencies(overview)}
${done === undefined ? '' : html`<p class="notice" role="status">Done: ${done}. It is recorded with your name.</p>`}
<main id="main" tabindex="-1">${body}</main>
<footer class="quiet small">${person === undefined ? '' : html`Signed in as ${person.name}${sayRights(person)} · `}<a href="/openapi.json">API</a></footer>
</div>
</body>
</html>
`;
}

function menu(path: string | undefined): Markup {
  return html`<nav aria-label="Views">${MENU.map(
    ([to, name]) =>
      html`<a href="${to}"${to === path ? html` aria-current="page"` : ''}>${name}</a> `,
  )}</nav>
<form method="get" action="/fleet" role="search" aria-label="Search the fleet">
<input type="search" name="search" aria-label="Part of a cluster, RSync or image" placeholder="Cluster, RSync or image" maxlength="256"><button>Search</button>
</form>`;
}

function asOf(overview: Overview | undefined): Markup {
  if (overview === undefined) return html``;
  const { asOf: at, partial } = overview;
  return html`<span id="as-of" data-live>As of <time datetime="${at}">${sayTime(at)}</time>${partial === true ? html`, <span class="stale">roll-outs or freezes cannot be read: nothing new is approved where they cannot be</span>` : ''}</span>`;
}

/** What an attack looks like is above everything else, on every page. */
function emergencies(overview: Overview | undefined): Markup {
  const found = overview?.needs.filter(({ severity }) => severity === 'emergency') ?? [];
  const [first] = found;
  if (first === undefined) return html`<div id="alarm" data-live></div>`;
  const syncs = found.reduce((sum, need) => sum + need.syncs, 0);
  const to = linkOf('/fleet', defined({ phase: first.phase, image: first.image }));
  return html`<div id="alarm" data-live><section class="alarm" role="alert" aria-labelledby="alarm-title">
<h2 id="alarm-title">Emergency: ${first.title}</h2>
<p>${first.kind === 'break-glass' ? 'The gate lets it pass because a person set break-glass.' : 'Something runs that was not approved: this is what an attack looks like.'}
<a href="${to}">Show ${syncs === 1 ? 'it' : `all ${syncs}`}</a> · <a href="/help#${first.kind}">What to do</a></p>
</section></div>`;
}

function sayRights({ mayInvoke, mayOverride }: Person): string {
  if (mayOverride) return ', who may act and override';
  return mayInvoke ? ', who may act' : ', who may look';
}
