import { cleanLine } from '#shared/core/foreign-text.ts';
import { shellWord } from '#shared/core/shell-word.ts';
import type { AlertEvent } from './event.ts';

/** What the reader of an alert types first, and the section of docs/runbook.md that goes on from there. */
export interface NextStep {
  readonly command: string;
  /** The anchor of the section: `sync-failed`. */
  readonly section: string;
}

/** By the type of the event; any other begins where every look begins. */
const SECTIONS: Readonly<Record<string, string>> = {
  'cluster.unreachable': 'cluster-unreachable',
  'sync.blocked': 'sync-blocked',
  'sync.failed': 'sync-failed',
  'sync.refused': 'sync-refused',
  'sync.stalled': 'sync-failed',
  'sync.unguarded': 'sync-unguarded',
  'image.unchecked': 'image-unchecked',
  'image.unsigned': 'signature-missing',
  'image.untrusted': 'image-untrusted',
  'image.unusable': 'image-untrusted',
  'rollout.degraded': 'rollout-degraded',
  'rollout.halted': 'rollout-halted',
  'rollout.interrupted': 'rollout-interrupted',
  'rollout.paused': 'rollout-waits',
  'rollout.waiting': 'rollout-waits',
  'freeze.started': 'freeze-holds',
  'sweep.braked': 'withdrawal-brake',
  'withdrawal.unchecked': 'withdrawal-unchecked',
};

/** The next step after an alert that began with `event`. Names of others are single words of the shell. */
export function nextStepOf(event: AlertEvent): NextStep {
  return { command: commandOf(event), section: SECTIONS[event.type] ?? 'before-anything-else' };
}

function commandOf({ type, cluster, sync, image }: AlertEvent): string {
  if (cluster !== undefined && sync !== undefined) {
    return `countersign explain ${word(cluster)} ${word(sync)}`;
  }
  if (cluster !== undefined) return `countersign status --cluster ${word(cluster)}`;
  if (type.startsWith('freeze.')) return 'countersign freezes';
  if (image === undefined) return 'countersign status';
  if (type.startsWith('image.')) return `countersign verify ${word(image)}`;
  return `countersign status --image ${word(image)}`;
}

function word(text: string): string {
  return shellWord(cleanLine(text));
}
