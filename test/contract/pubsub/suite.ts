import { afterAll, beforeAll, describe } from 'vitest';
import { administersResources } from './admin-cases.ts';
import { openWorld } from './contract-world.ts';
import type { World } from './contract-world.ts';
import { deadLettersMessages } from './dead-letter-cases.ts';
import { deliversByPull } from './pull-cases.ts';
import { deliversByPush } from './push-cases.ts';
import { refusesRequests } from './refusal-cases.ts';
import { deliversByStream } from './stream-cases.ts';

/** What the real service does and Google's emulator (0.8.20) does not. */
export type Capability =
  | 'ack-any-2xx'
  | 'delivery-attempt'
  | 'push-ordering-key'
  | 'nack-holds-key'
  | 'service-limits';

export interface PubsubContract {
  name: string;
  start: () => Promise<{ host: string; close: () => Promise<void> }>;
  /** A capability that is absent is asserted as absent: no case is skipped. */
  capabilities: ReadonlySet<Capability>;
}

/** What Countersign relies on in Pub/Sub, through the real client and through plain REST. */
export function pubsubContract(contract: PubsubContract): void {
  describe(`Pub/Sub: ${contract.name}`, () => {
    let opened: World | undefined;

    function world(): World {
      if (!opened) throw new Error('The service under test is not running');
      return opened;
    }

    beforeAll(async () => {
      // The client would otherwise look for Google's metadata server, and warn.
      process.env['METADATA_SERVER_DETECTION'] = 'none';
      opened = await openWorld(contract);
    });
    afterAll(() => opened?.close());

    administersResources(world);
    refusesRequests(world);
    deliversByPull(world);
    deliversByStream(world);
    deliversByPush(world);
    deadLettersMessages(world);
  });
}
