import type { Severity } from '#shared/status/severity.ts';
import type { Incident } from './incidents.ts';
import type { Told } from './read-event.ts';

/** What a receiver is sent: the body of the generic webhook, as it is. */
export interface Alert {
  readonly version: 1;
  /** The same for all messages of one alert, so that a receiver can join them. */
  readonly id: string;
  readonly status: 'firing' | 'growing' | 'over' | 'notice';
  readonly severity: Severity;
  /** One line. */
  readonly title: string;
  readonly image?: string;
  readonly digest?: string;
  /** ISO 8601: when the first of it began. */
  readonly since: string;
  /** All of them; `members` has the first. */
  readonly count: number;
  readonly members: readonly {
    readonly name: string;
    readonly type: string;
    readonly since: string;
    readonly message: string;
  }[];
}

/** Members that are named: more than anybody reads, and a message that fits everywhere. */
export const MAX_NAMED = 20;
const MAX_MESSAGE = 300;

const WORDS: Readonly<Record<string, string>> = {
  'cluster.unreachable': 'unreachable',
  'cluster.recovered': 'reachable again',
  'sync.failed': 'failed to sync',
  'sync.blocked': 'blocked',
  'sync.stalled': 'stalled',
  'sync.unguarded': 'unguarded',
  'sync.refused': 'refused',
  'sync.recovered': 'recovered',
  'image.unsigned': 'still unsigned',
  'image.untrusted': 'untrusted',
  'image.unusable': 'unusable',
  'image.unchecked': 'not to be checked',
  'rollout.degraded': 'degraded',
  'sweep.braked': 'braked',
  'withdrawal.unchecked': 'cannot be judged',
};

/** The message about an incident as it stands. */
export function composeAlert(incident: Incident, due: 'firing' | 'growing' | 'over'): Alert {
  const { id, first, kind, open, closed } = incident;
  const told = [...(due === 'over' ? closed : open).values()];
  const { image, digest } = first;
  return {
    version: 1,
    id,
    status: kind === 'notice' ? 'notice' : due,
    severity: due === 'over' ? 'INFO' : first.severity,
    title: titleOf(told, first, due),
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    since: first.since,
    count: told.length,
    members: told.slice(0, MAX_NAMED).map((event) => ({
      name: nameOf(event),
      type: event.type,
      since: event.since,
      message: messageOf(event),
    })),
  };
}

function titleOf(told: readonly Told[], first: Told, due: string): string {
  const [family = ''] = first.type.split('.');
  const nouns: Readonly<Record<string, readonly [string, string]>> = {
    cluster: ['cluster', 'clusters'],
    sync: ['RSync', 'RSyncs'],
    image: ['image', 'images'],
    rollout: ['roll-out', 'roll-outs'],
    sweep: ['sweep', 'sweeps'],
  };
  const [one, many] = nouns[family] ?? ['event', 'events'];
  const noun = told.length === 1 ? one : many;
  const words = WORDS[first.type] ?? first.type;
  const title = `${told.length} ${noun} ${words}`;
  return due === 'over' && !first.type.endsWith('.recovered') ? `Over: ${title}` : title;
}

function nameOf({ cluster, sync, image }: Told): string {
  if (cluster === undefined) return image ?? 'fleet';
  return sync === undefined ? cluster : `${cluster}/${sync}`;
}

function messageOf({ message, errors }: Told): string {
  const [error] = errors;
  const text = error === undefined ? message : `${message}: ${error.code} ${error.message}`;
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}
