import { ATTESTATION_CASES } from './trust/attestation-cases.ts';
import { BYTES_CASES } from './trust/bytes-cases.ts';
import { IDENTITY_CASES } from './trust/identity-cases.ts';
import { KEY_KIND_CASES } from './trust/key-kind-cases.ts';
import { LIMITS_CASES } from './trust/limits-cases.ts';
import { PLACES_CASES } from './trust/places-cases.ts';
import type { TrustCase } from './trust/world.ts';

/** Every attack that the verifier is tried with: docs/threat-model.md#attacks-on-signatures. */
export const TRUST_CASES: readonly TrustCase[] = [
  ...IDENTITY_CASES,
  ...BYTES_CASES,
  ...LIMITS_CASES,
  ...PLACES_CASES,
  ...KEY_KIND_CASES,
  ...ATTESTATION_CASES,
].toSorted((a, b) => a.fact - b.fact);
