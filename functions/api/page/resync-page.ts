import { html } from 'hono/html';
import type { Person } from '../check-person.ts';
import type { ResyncBody, ResyncPreview } from '../schema/resync.ts';
import { abbreviate, digestCode } from './abbreviate.ts';
import { searchOf } from './fleet-page.ts';
import { type Markup, layout } from './layout.ts';
import { numberOf } from './read-summary.ts';
import { resyncForm } from './resync-form.ts';

export interface ResyncPageInput {
  readonly body: ResyncBody;
  readonly preview: ResyncPreview;
  readonly person: Person;
  /** Makes a second click the same request. */
  readonly key: string;
}

/** What a resync would change, and the button that does it. */
export function resyncPage({ body, preview, person, key }: ResyncPageInput): Markup {
  const { clusters, looked, syncs, unread } = preview;
  const changing = syncs.filter(({ change }) => change !== 'none').length;
  return layout(
    'Dry run',
    person,
    html`<h2>Dry run</h2>
<p class="conclusion">A resync would task ${numberOf(clusters, 'cluster')}; of ${numberOf(looked, 'cluster')} looked at, ${numberOf(changing, 'RSync')} would change.</p>
<ul class="cells">${syncs.map(changeCell)}${unread.map(
      ({ cluster, message }) =>
        html`<li class="bad"><strong>${cluster}</strong><p>${message}</p></li>`,
    )}</ul>
<form method="post" action="/resync">
${hidden({ ...body, key })}
<p><button class="go" name="step" value="confirm">Resync ${numberOf(clusters, 'cluster')}</button> <a href="/">Cancel</a></p>
</form>
<h2>Ask for something else</h2>
${resyncForm(body)}`,
  );
}

function changeCell({
  cluster,
  sync,
  change,
  from,
  to,
  pin,
  why,
}: ResyncPreview['syncs'][number]): Markup {
  const tone = change === 'none' ? 'none' : change === 'unknown' ? 'bad' : 'wait';
  return html`<li class="${tone}">
<a href="/explain?${searchOf({ cluster, sync })}">${cluster} ${sync}</a>
<p><span class="phase ${tone}">${change}</span>
${from === undefined ? '' : digestCode(from)}
${to === undefined || to === from ? '' : html`→ ${digestCode(to)}`}</p>
${pin === undefined ? '' : html`<p class="what">Pins <code>${pin}</code></p>`}
<p class="what">${abbreviate(why)}</p>
</li>`;
}

function hidden(fields: Readonly<Record<string, unknown>>): Markup[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    typeof value === 'string' ? [html`<input type="hidden" name="${name}" value="${value}">`] : [],
  );
}
