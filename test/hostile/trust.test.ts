import { describe, expect, it } from 'vitest';

import { toFailure } from '#shared/core/errors.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { keyPolicy } from '#test/fakes/cosign.ts';
import { createMemoryRegistry } from '#test/fakes/memory-registry.ts';

import { release, REPOSITORY, type TrustCase, VICTIM } from './trust/world.ts';
import { TRUST_CASES } from './trust-cases.ts';

interface Observed {
  readonly outcome: string;
  readonly reasons: readonly string[];
}

async function run({ arrange, policy }: TrustCase): Promise<Observed> {
  const registry = createMemoryRegistry();
  arrange(registry);
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: () => 0 });
  const subject = { repository: REPOSITORY, digest: VICTIM };
  try {
    const verdict = await verifier.verify(subject, policy ?? keyPolicy([release]));
    return { outcome: verdict.status, reasons: reasonsOf(verdict) };
  } catch (error) {
    return { outcome: toFailure(error).code, reasons: [] };
  }
}

describe('the verifier', () => {
  it.each(TRUST_CASES)('withstands $fact: $name ($advisory)', async (hostile) => {
    const { expected } = hostile;
    const outcome = 'failure' in expected ? expected.failure : expected.status;
    const reasons = 'reason' in expected ? [expected.reason] : [];
    await expect(run(hostile)).resolves.toEqual({
      outcome,
      reasons: expect.arrayContaining(reasons),
    });
  });
});
