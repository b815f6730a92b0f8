import { html } from 'hono/html';
import type { RolloutState } from '#shared/core/rollout/record.ts';
import type { Person } from '../../check-person.ts';
import { shortImage } from '../../overview/sentences.ts';
import type { RolloutBrief, StageCounts } from '../../rollouts/operation.ts';
import type { Motion } from '../../rollouts/list-rollouts.ts';
import { rolloutActions } from '../rollouts/rollout-actions.ts';
import { abbreviate, digestCode, linkOf, type Markup, type Tone, toned } from '../words.ts';

/** Roll-outs that are under way or stopped: a bar for each stage, now and next. */
export function rolloutsSection(motion: Motion | undefined, person: Person): Markup {
  if (motion === undefined) return html``;
  const { rollouts, lost, more } = motion;
  if (rollouts.length + lost.length === 0) return html``;
  return html`<h2>Roll-outs under way</h2>
<ul class="plain cards">${rollouts.map((one) => rolloutCard(one, person))}${lost.map(lostCard)}</ul>
${more === 0 ? '' : html`<p class="onward"><a href="/rollouts">${more} more</a></p>`}`;
}

/** One roll-out: what, how far, and what comes next. */
export function rolloutCard(rollout: RolloutBrief, person: Person): Markup {
  const { id, image, digest, status, stages, message } = rollout;
  const tone = STATUS_TONES[status];
  return html`<li class="${tone}">
<h3><a href="${linkOf('/rollout', { id })}">${shortImage(image)}</a></h3>
<p>${toned(status, tone)} to ${digestCode(digest)}</p>
${stageBars(stages)}
<p class="small">${abbreviate(message)}</p>
${rolloutActions(rollout, person)}
</li>`;
}

/** A bar for each stage, and its counts in words. */
export function stageBars(stages: readonly StageCounts[]): Markup {
  if (stages.length === 0) return html``;
  return html`<ul class="plain stages">${stages.map(stageBar)}</ul>`;
}

function stageBar({ stage, open, clusters, live, underWay, failed, ...rest }: StageCounts): Markup {
  const bad = failed + rest.failedBefore + rest.unreachable;
  const parts: readonly (readonly [Tone, number])[] = [
    ['ok', live],
    ['bad', bad],
    ['wait', underWay],
  ];
  const others = Object.entries({
    'under way': underWay,
    failed: failed + rest.failedBefore,
    unreachable: rest.unreachable,
    held: rest.held,
    waiting: rest.waiting,
  }).flatMap(([word, amount]) => (amount === 0 ? [] : [`, ${amount} ${word}`]));
  return html`<li><span>${stage}${open ? '' : html` <span class="quiet">(not open)</span>`}</span>${bar(parts, clusters)}
<span class="counts">${live} of ${clusters} live${others}</span></li>`;
}

/** Widths are attributes of the picture: a style of its own would be refused. */
function bar(parts: readonly (readonly [Tone, number])[], total: number): Markup {
  let from = 0;
  const pieces = parts.map(([tone, amount]) => {
    const width = total === 0 ? 0 : (100 * amount) / total;
    const x = from;
    from += width;
    return width === 0
      ? ''
      : html`<rect class="${tone}" x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="8"/>`;
  });
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">${pieces}</svg>`;
}

function lostCard(image: string): Markup {
  return html`<li class="bad"><h3><a href="${linkOf('/image', { image })}">${shortImage(image)}</a></h3>
<p>${toned('lost', 'bad')} Its record is lost or unreadable: nothing is newly approved.</p></li>`;
}

/** The tone of a roll-out's state. */
export const STATUS_TONES: Readonly<Record<RolloutState, Tone>> = {
  rolling: 'wait',
  soaking: 'wait',
  'awaiting-approval': 'wait',
  'awaiting-window': 'wait',
  paused: 'wait',
  halted: 'bad',
  aborted: 'none',
  'rolling-back': 'bad',
  'rolled-back': 'none',
  completed: 'ok',
  retired: 'none',
};
