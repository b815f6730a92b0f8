import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import type { Overview } from '../../overview/operation.ts';
import { shortImage } from '../../overview/sentences.ts';
import type { RolloutPage } from '../../rollouts/operation.ts';
import { layout } from '../layout.ts';
import { rolloutCard } from '../overview/rollout-cards.ts';
import { linkOf, type Markup, toned } from '../words.ts';

export interface RolloutsPageInput {
  /** Absent where the config names no records. */
  readonly page: RolloutPage | undefined;
  readonly person: Person;
  readonly overview: Overview | undefined;
}

/** Every roll-out that is recorded: what moves, and what has ended. */
export function rolloutsPage({ page, person, overview }: RolloutsPageInput): Markup {
  return layout(
    { title: 'Roll-outs', person, overview, path: '/rollouts', live: true },
    html`<h1>Roll-outs</h1><section id="all-rollouts" data-live>${page === undefined ? NONE : list(page, person)}</section>`,
  );
}

const NONE = html`<p>The config names no <code>records</code>: every image goes everywhere at once. <a href="/help">Help</a></p>`;

function list({ rollouts, lost, next }: RolloutPage, person: Person): Markup {
  if (rollouts.length + lost.length === 0) {
    return html`<p>None is recorded: the first push of an image that has a strategy begins one.</p>`;
  }
  return html`<h2>All that are recorded</h2>
<ul class="plain cards">${rollouts.map((one) => rolloutCard(one, person))}${lost.map(
    (image) =>
      html`<li class="bad"><h3>${shortImage(image)}</h3><p>${toned('lost', 'bad')}</p></li>`,
  )}</ul>
${next === undefined ? '' : html`<p class="onward"><a href="${linkOf('/rollouts', { cursor: next })}" rel="next">Further roll-outs</a></p>`}`;
}
