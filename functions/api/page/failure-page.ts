import { html } from 'hono/html';
import type { Problem } from '#shared/edge/problem.ts';
import type { Person } from '../check-person.ts';
import { type Markup, layout } from './layout.ts';

/** What went wrong, for people. */
export function failurePage({ title, detail, code }: Problem, person: Person): Markup {
  return layout(
    title,
    person,
    html`<h2>${title}</h2>
<p class="conclusion bad">${detail} (${code})</p>
<p><a href="/">Back to the fleet</a></p>`,
  );
}
