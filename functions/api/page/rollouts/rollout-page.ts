import { html } from 'hono/html';
import type { Person } from '../../check-person.ts';
import type { Overview } from '../../overview/operation.ts';
import { shortImage } from '../../overview/sentences.ts';
import type { Lagging, RolloutView } from '../../rollouts/operation.ts';
import { layout } from '../layout.ts';
import { shortName } from '../overview/needs.ts';
import { STATUS_TONES, stageBars } from '../overview/rollout-cards.ts';
import { rolloutActions } from './rollout-actions.ts';
import { abbreviate, linkOf, type Markup, sayTime, sinceThen, toned, wholeCode } from '../words.ts';

export interface RolloutPageInput {
  readonly rollout: RolloutView;
  readonly person: Person;
  readonly overview: Overview | undefined;
  readonly now: Date;
  readonly done?: string | undefined;
}

/** One roll-out: now and next, its stages, what lags, what people decided of it. */
export function rolloutPage({ rollout, person, overview, now, done }: RolloutPageInput): Markup {
  const { image, status, digest, previous, startedAt, startedBy, message, history } = rollout;
  return layout(
    {
      title: `Roll-out of ${shortImage(image)}`,
      person,
      overview,
      path: '/rollouts',
      live: true,
      done,
    },
    html`<h1>Roll-out of <a href="${linkOf('/image', { image })}">${shortImage(image)}</a></h1>
<section id="rollout" data-live>
<p class="notice ${STATUS_TONES[status]}" role="status">${toned(status, STATUS_TONES[status])}. ${abbreviate(message)}</p>
${stageBars(rollout.stages)}
${rolloutActions(rollout, person)}
<dl class="facts">
<div><dt>To</dt><dd>${wholeCode(digest)}</dd></div>
<div><dt>The way back</dt><dd>${previous === undefined ? html`<span class="quiet">none is known</span>` : wholeCode(previous)}</dd></div>
<div><dt>Begun</dt><dd>by ${startedBy}, ${sinceThen(startedAt, now)}</dd></div>
${rollout.soakEnds === undefined ? '' : html`<div><dt>Soak ends</dt><dd>${sayTime(rollout.soakEnds)}</dd></div>`}
${rollout.next === undefined ? '' : html`<div><dt>Next</dt><dd>${wholeCode(rollout.next.digest)} waits for its end</dd></div>`}
${(rollout.checks ?? []).map(({ name, wants, outcome = 'not asked yet', value, problem }) => html`<div><dt>Check ${name}</dt><dd>${toned(outcome, outcome === 'met' ? 'ok' : outcome === 'failed' ? 'bad' : 'wait')} wants ${wants}${value === undefined ? '' : `, found ${value}`}${problem === undefined ? '' : `: ${problem}`}</dd></div>`)}
</dl>
${lagging(rollout)}
</section>
<h2>What people decided</h2>
${
  history.length === 0
    ? html`<p>Nothing: it goes by itself.</p>`
    : html`<ol class="plain needs">${history.toReversed().map(({ at, by, did, reason }) => html`<li><strong>${did}</strong> by ${by}, ${sinceThen(at, now)}<p class="small">${reason}</p></li>`)}</ol>`
}
<p class="onward"><a href="${linkOf('/history', { image, type: 'rollout' })}">All events of its roll-outs</a> <a href="/v1/rollouts/${encodeURIComponent(rollout.id)}/plan">The plan, as JSON</a></p>`,
  );
}

function lagging({ stages }: RolloutView): Markup {
  const all = stages.flatMap(({ stage, lagging: found }) => found.map((one) => ({ stage, one })));
  if (all.length === 0) return html``;
  return html`<h2>What lags</h2>
<div class="scroll"><table class="stack"><thead><tr><th scope="col">Cluster</th><th scope="col">Stage</th><th scope="col">Is</th><th scope="col">What is known</th></tr></thead>
<tbody>${all.map(({ stage, one }) => lagRow(stage, one))}</tbody></table></div>`;
}

function lagRow(stage: string, { cluster, standing, sync, phase, message = '' }: Lagging): Markup {
  const to =
    sync === undefined ? linkOf('/fleet', { cluster }) : linkOf('/explain', { cluster, sync });
  const tone = standing === 'failed' || standing === 'unreachable' ? 'bad' : 'wait';
  return html`<tr><th scope="row"><a href="${to}" title="${cluster}">${shortName(cluster)}</a></th><td data-label="Stage">${stage}</td>
<td data-label="Is">${toned(standing, tone)}${phase === undefined ? '' : html` <span class="small quiet">${phase}</span>`}</td><td data-label="Known" class="small">${abbreviate(message)}</td></tr>`;
}
