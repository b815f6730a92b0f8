import { html } from 'hono/html';
import type { RolloutState } from '#shared/core/rollout/record.ts';
import type { Person } from '../../check-person.ts';
import type { RolloutBrief } from '../../rollouts/operation.ts';
import type { Verb } from '../../rollouts/verbs.ts';
import { linkOf, type Markup } from '../words.ts';

/** Decisions on roll-outs as links and forms name them. */
export const DECISION_LABELS: Readonly<Record<Verb['name'], string>> = {
  pause: 'Pause',
  resume: 'Resume',
  abort: 'Abort',
  approve: 'Approve',
  promote: 'Promote',
  rollback: 'Roll back',
  retry: 'Retry',
  start: 'Start',
};

/** What this person may decide of it now. */
export function rolloutActions(
  { id, status, stage }: Pick<RolloutBrief, 'id' | 'status' | 'stage'>,
  person: Person,
): Markup {
  const names: readonly Verb['name'][] = [
    ...(person.mayInvoke ? DECISIONS[status] : []),
    ...(status === 'awaiting-approval' ? ['approve' as const] : []),
    ...(person.mayOverride && PROMOTABLE.has(status) ? ['promote' as const] : []),
  ];
  if (names.length === 0) return html``;
  return html`<p class="buttons">${names.map(
    (name) =>
      html`<a class="button small" href="${linkOf('/act', { do: name, id, stage: name === 'approve' ? stage : undefined })}">${DECISION_LABELS[name]}…</a> `,
  )}</p>`;
}

const FORWARD: readonly Verb['name'][] = ['pause', 'rollback', 'abort'];
const PROMOTABLE: ReadonlySet<RolloutState> = new Set([
  'rolling',
  'soaking',
  'awaiting-approval',
  'awaiting-window',
]);

const DECISIONS: Readonly<Record<RolloutState, readonly Verb['name'][]>> = {
  rolling: FORWARD,
  soaking: FORWARD,
  'awaiting-approval': FORWARD,
  'awaiting-window': FORWARD,
  paused: ['resume', 'rollback', 'abort'],
  halted: ['resume', 'rollback', 'retry', 'abort'],
  aborted: ['retry'],
  'rolling-back': ['pause'],
  'rolled-back': ['retry'],
  completed: ['rollback', 'pause'],
  retired: [],
};
