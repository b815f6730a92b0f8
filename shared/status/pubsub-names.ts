/** Pub/Sub's rules for ids; those with a percent sign are never ours, and would have to be encoded. */
const NAME = /^projects\/([a-z0-9.:-]+)\/(topics|subscriptions)\/([A-Za-z][\w.~+-]{2,254})$/;

export interface PubsubName {
  readonly project: string;
  readonly kind: 'topics' | 'subscriptions';
  readonly id: string;
}

/** The parts of `projects/<project>/topics/<id>` or `…/subscriptions/<id>`; undefined for anything else. */
export function parsePubsubName(name: string): PubsubName | undefined {
  const [, project, kind, id] = NAME.exec(name) ?? [];
  if (project === undefined || id === undefined) return undefined;
  return kind === 'topics' || kind === 'subscriptions' ? { project, kind, id } : undefined;
}
