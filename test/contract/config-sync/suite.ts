import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { createClient, type Client } from './client.ts';
import { deletionContract } from './deletion-contract.ts';
import { parentContract } from './parent-contract.ts';
import { refusalContract } from './refusal-contract.ts';
import { sourceContract } from './source-contract.ts';
import { sourceKindsContract } from './source-kinds-contract.ts';
import type { ConfigSyncUnderTest } from './subject.ts';

/** What a test works with; there once the subject has started. */
export interface Running {
  readonly subject: () => ConfigSyncUnderTest;
  readonly client: () => Client;
}

/**
 * What Countersign relies on in Config Sync, seen on the real programs (docs/config-sync.md). The same suite runs
 * over the stand-in and, by `npm run test:config-sync`, over the real ones.
 */
export function configSyncContract(contract: {
  readonly name: string;
  /** How long starting may take, in milliseconds. */
  readonly startTimeout: number;
  /** How long one test may take, in milliseconds. */
  readonly timeout: number;
  readonly start: () => Promise<ConfigSyncUnderTest>;
}): void {
  describe(`Config Sync: ${contract.name}`, { timeout: contract.timeout }, () => {
    let subject: ConfigSyncUnderTest | undefined;
    let client: Client | undefined;
    beforeAll(async () => {
      subject = await contract.start();
      client = createClient(subject);
    }, contract.startTimeout);
    afterEach(() => client?.clear(), contract.timeout);
    afterAll(() => subject?.stop());

    const running: Running = { subject: () => started(subject), client: () => started(client) };
    sourceContract(running);
    sourceKindsContract(running);
    refusalContract(running);
    parentContract(running);
    deletionContract(running);
  });
}

function started<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('the subject has not started');
  return part;
}
