import { beforeAll, describe, expect, it } from 'vitest';

import { CERTIFICATE_CASES } from './trust/certificate-cases.ts';
import { createKeylessWorld, type KeylessWorld, withstand } from './trust/keyless-world.ts';
import { LOG_CASES } from './trust/log-cases.ts';
import { PKI_CASES } from './trust/pki-cases.ts';
import { TIME_CASES } from './trust/time-cases.ts';
import { TIMESTAMP_CASES } from './trust/timestamp-cases.ts';

const CASES = [
  ...CERTIFICATE_CASES,
  ...LOG_CASES,
  ...TIME_CASES,
  ...TIMESTAMP_CASES,
  ...PKI_CASES,
].toSorted((a, b) => a.fact - b.fact);

describe('keyless verification', () => {
  let world: KeylessWorld;
  beforeAll(async () => {
    world = await createKeylessWorld();
  });

  it.each(CASES)('withstands $fact: $name ($advisory)', async ({ arrange, expected }) => {
    const attack = await arrange(world);
    await expect(withstand(world, attack)).resolves.toEqual([expected]);
  });
});
