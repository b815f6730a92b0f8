import { html } from 'hono/html';
import type { Person } from '../check-person.ts';

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
