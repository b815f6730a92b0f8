import { afterAll, beforeAll, describe } from 'vitest';
import { blobContract } from './blob-contract.ts';
import { createClient } from './client.ts';
import { manifestContract } from './manifest-contract.ts';
import { referrerContract } from './referrer-contract.ts';
import { type Capability, freshName, type Subject } from './subject.ts';
import { tagContract } from './tag-contract.ts';
import { uploadContract } from './upload-contract.ts';

/** Runs the OCI distribution contract over a registry: what the embedded one answers, a real one answers. */
export function registryContract(options: {
  name: string;
  start: () => Promise<{ url: string; close: () => Promise<void> }>;
  capabilities: ReadonlySet<Capability>;
}): void {
  describe(`OCI distribution: ${options.name}`, () => {
    let running: Awaited<ReturnType<typeof options.start>> | undefined;
    beforeAll(async () => {
      running = await options.start();
    });
    afterAll(() => running?.close());

    const url = (): string => {
      if (running === undefined) throw new Error('Registry did not start');
      return running.url;
    };
    const subject: Subject = {
      can: (capability) => options.capabilities.has(capability),
      url,
      repository: (name = freshName()) => createClient(url(), name),
    };
    blobContract(subject);
    uploadContract(subject);
    manifestContract(subject);
    tagContract(subject);
    referrerContract(subject);
  });
}
