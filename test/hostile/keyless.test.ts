import { beforeAll, describe, expect, it } from 'vitest';

import { CERTIFICATE_CASES } from './trust/certificate-cases.ts';
import { createKeylessWorld, type KeylessWorld, withstand } from './trust/keyless-world.ts';
import { LOG_CASES } from './trust/log-cases.ts';
import { TIME_CASES } from './trust/time-cases.ts';

const CASES = [...CERTIFICATE_CASES, ...LOG_CASES, ...TIME_CASES].toSorted(
  (a, b) => a.fact - b.fact,
);

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
