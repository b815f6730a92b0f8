import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import type { Journal } from '../journal.ts';
import type { Hand, InHand } from './in-hand.ts';

/**
 * Counts decisions that were published and never recorded: another writer was faster, or the process ended in between
 * and the next one decided otherwise (docs/adr/0026, "What push and sweep make of it").
 */
export interface Announcements {
  published(event: StatusEvent): void;
  recorded(record: RolloutRecord): void;
}

interface Announced {
  readonly type: string;
  readonly version: number;
  /** Who has published it; a retry publishes it again under its id. */
  readonly by: Set<Hand | undefined>;
}

export function countAnnouncements(deps: {
  readonly journal: Journal;
  readonly inHand: InHand;
}): Announcements {
  const { journal, inHand } = deps;
  /** By image, then by the id of the event. */
  const open = new Map<string, Map<string, Announced>>();
  /** Ids of what became so: it may be published again. */
  const settled = new Set<string>();
  return {
    published(event) {
      const { data, type } = event;
      if (!('version' in data) || !('stage' in data) || data.version === undefined) return;
      const id = eventIdOf(event);
      if (settled.has(id)) return;
      const ofImage = open.get(data.image) ?? new Map<string, Announced>();
      open.set(data.image, ofImage);
      const { by } = ofImage.get(id) ?? { by: new Set() };
      ofImage.set(id, { type, version: data.version, by: by.add(inHand.current()) });
    },
    recorded({ image, version, status, stage }) {
      for (const [id, announced] of open.get(image) ?? []) {
        if (announced.by.has(inHand.current())) {
          settled.add(id);
          continue;
        }
        journal.count(`decisions published and not recorded: ${announced.type}`);
        journal.step(
          `rollout ${image}`,
          `${announced.type} of version ${announced.version} did not become so: version ${version} is ${status} ${stage}`,
        );
      }
      open.delete(image);
    },
  };
}
