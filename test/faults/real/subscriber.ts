import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type PubsubRest, STATUS_SUBSCRIPTION } from '#infra/local/local-world/pubsub.ts';
import { SEVERITIES, type StatusType } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import type { Journal } from '../journal.ts';
import type { ReceivedEvent } from '../oracle/watch-events.ts';

const Data = z.looseObject({
  since: z.string(),
  image: z.string().optional(),
  digest: z.string().optional(),
  cluster: z.string().optional(),
  sync: z.string().optional(),
  message: z.string(),
});

/** Pulls the status topic until `stop`; takes each ce-id once, as a subscriber should. */
export async function subscribe(
  pubsub: PubsubRest,
  received: ReceivedEvent[],
  journal: Journal,
  stop: AbortSignal,
): Promise<void> {
  const known = new Set<string>();
  while (!stop.aborted) {
    const messages = await pubsub.pull(STATUS_SUBSCRIPTION, stop).catch(() => []);
    for (const { attributes, data } of messages) {
      const id = attributes['ce-id'] ?? '';
      const type = attributes['type'] ?? '';
      journal.count(`event ${type}`);
      if (known.has(id) || !isStatusType(type)) continue;
      known.add(id);
      const { image, digest, cluster, sync, since, message } = Data.parse(
        JSON.parse(data.toString()),
      );
      const about = sync === undefined ? `cluster ${cluster}` : `${cluster} ${sync}`;
      const subject = cluster === undefined ? `image ${image}` : about;
      journal.step(subject, `event ${type} ${digest?.slice(7, 15) ?? ''} id ${id.slice(0, 8)}`);
      received.push({
        id,
        type,
        since,
        message,
        severity: SEVERITIES.find((one) => one === attributes['severity']) ?? 'INFO',
        at: Date.now(),
        ...(image === undefined ? {} : { image }),
        ...(digest === undefined ? {} : { digest }),
        ...(cluster === undefined ? {} : { cluster }),
        ...(sync === undefined ? {} : { sync, uid: `${cluster} ${sync}` }),
      });
    }
    const ackIds = messages.map(({ ackId }) => ackId);
    if (ackIds.length > 0) await pubsub.acknowledge(STATUS_SUBSCRIPTION, ackIds);
    else await sleep(20);
  }
}

function isStatusType(type: string): type is StatusType {
  return Object.hasOwn(STATUS_DATA, type);
}
