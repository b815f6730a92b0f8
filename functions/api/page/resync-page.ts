import { html } from 'hono/html';
import type { Person } from '../check-person.ts';
import type { ResyncBody, ResyncPreview } from '../resync/operation.ts';
import { abbreviate, digestCode, layout, type Markup, numberOf, searchOf } from './layout.ts';

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

function changeCell(changed: ResyncPreview['syncs'][number]): Markup {
  const { cluster, sync, change, from, to, pin, why } = changed;
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

/** Asks for a dry run: its page has the button that resyncs. Folded, for most people come to look. */
export function resyncForm({ image, digest, cluster, sync, reason }: ResyncBody): Markup {
  return html`<details class="resync">
<summary>Choose what to look at…</summary>
<form class="fields" method="post" action="/resync">
<label class="wide">Image <input name="image" value="${image ?? ''}" maxlength="1024"></label>
<label class="wide">Digest, to approve ahead <input name="digest" value="${digest ?? ''}" maxlength="71"></label>
<label>Cluster <input name="cluster" value="${cluster ?? ''}" maxlength="512"></label>
<label>RSync <input name="sync" value="${sync ?? ''}" maxlength="512"></label>
<label class="wide">Reason <input name="reason" value="${reason ?? ''}" maxlength="500"></label>
<button name="step" value="preview">Dry run</button>
</form>
</details>`;
}

/** The same for the RSync that the page is about: nothing to fill in but why. */
export function resyncThis({ cluster, sync }: { cluster: string; sync: string }): Markup {
  return html`<form class="fields" method="post" action="/resync">
<input type="hidden" name="cluster" value="${cluster}"><input type="hidden" name="sync" value="${sync}">
<label class="wide">Reason <input name="reason" maxlength="500"></label>
<button name="step" value="preview">Dry run</button>
</form>`;
}
