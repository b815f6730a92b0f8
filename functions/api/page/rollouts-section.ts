import { html } from 'hono/html';
import { toFailure } from '#shared/core/errors.ts';
import type { RolloutState } from '#shared/core/rollout/record.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { listInMotion } from '../rollouts/list-rollouts.ts';
import type { RolloutBrief, StageCounts } from '../rollouts/operation.ts';
import { rememberFor, snapshotTtlMs } from '../remember.ts';
import { abbreviate, digestCode, type Markup, searchOf, type Tone } from './layout.ts';

/** The part of the page that shows roll-outs; nothing where the config names no `records`. */
export type RolloutsSection = (log: Log) => Promise<Markup>;

/**
 * Shows the roll-outs that are in motion, or that a person has to look at. All who look at the page meanwhile share one
 * reading. Where they cannot be read it says so: the fleet is shown all the same.
 *
 * @example
 * const section = await createRolloutsSection(staged)(log);
 */
export function createRolloutsSection(staged: StagedDeps | undefined): RolloutsSection {
  if (staged === undefined) return () => Promise.resolve(html``);
  const remember = rememberFor<InMotion>(staged.now, ({ known }) => snapshotTtlMs(known));
  return async (log) => {
    try {
      const found = await remember('', () => listInMotion(MAX_SHOWN, staged));
      return await section(found);
    } catch (error) {
      const failure = toFailure(error);
      log.warn({ error: failure }, 'Roll-outs cannot be shown');
      return frame(
        html`<p class="conclusion bad">Roll-outs cannot be shown (${failure.code}).</p>`,
      );
    }
  };
}

type InMotion = Awaited<ReturnType<typeof listInMotion>>;

/** Roll-outs that the page has room for. */
const MAX_SHOWN = 20;

function section({ rollouts, lost, more }: InMotion): Markup {
  if (rollouts.length + lost.length === 0) return frame(html``);
  return frame(html`<h2>Roll-outs</h2>
<ul class="cells">${rollouts.map(rolloutCell)}${lost.map(lostCell)}</ul>
${more === 0 ? '' : html`<p class="quiet">And ${more} more: <code>npx countersign rollouts</code></p>`}`);
}

/** There in any case, so that the page can replace it by itself. */
function frame(content: Markup): Markup {
  return html`<div id="rollouts" data-live>${content}</div>`;
}

function rolloutCell({ id, image, digest, status, stages, message }: RolloutBrief): Markup {
  const tone = STATUS_TONES[status];
  return html`<li class="${tone}">
<a href="/?${searchOf({ image })}">${image}</a>
<p><span class="phase ${tone}">${status}</span> ${digestCode(digest)}</p>
${stages.map(stageLine)}
<p class="what">${abbreviate(message)}</p>
<p class="what quiet"><a href="/v1/rollouts/${encodeURIComponent(id)}">API</a> <code>npx countersign rollout show ${id}</code></p>
</li>`;
}

function stageLine({
  stage,
  open,
  clusters,
  live,
  underWay,
  failed,
  ...rest
}: StageCounts): Markup {
  const others = Object.entries({
    'under way': underWay,
    failed: failed + rest.failedBefore,
    unreachable: rest.unreachable,
    held: rest.held,
    waiting: rest.waiting,
  }).flatMap(([word, amount]) => (amount === 0 ? [] : [`, ${amount} ${word}`]));
  return html`<p class="what">${stage}${open ? '' : ' (not open)'}: ${live} of ${clusters} live${others}</p>`;
}

function lostCell(image: string): Markup {
  return html`<li class="bad"><a href="/?${searchOf({ image })}">${image}</a>
<p><span class="phase bad">lost</span></p><p class="what">Its record is lost or unreadable: nothing is newly approved.</p></li>`;
}

const STATUS_TONES: Readonly<Record<RolloutState, Tone>> = {
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
