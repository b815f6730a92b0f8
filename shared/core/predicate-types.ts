/**
 * The predicate types that are known by a name, in every version in use: those of in-toto's registry of predicates, of
 * cosign's `--type` and of GitHub's attest actions. Each is compared exactly; a version to come is another type.
 */
const PREDICATE_TYPES: Readonly<Record<string, readonly string[]>> = {
  'slsa-provenance': ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'],
  spdx: [
    'https://spdx.dev/Document',
    'https://spdx.dev/Document/v2.2',
    'https://spdx.dev/Document/v2.3',
    'https://spdx.dev/Document/v3.0',
    'https://spdx.dev/Document/v3.0.1',
  ],
  cyclonedx: [
    'https://cyclonedx.org/bom',
    'https://cyclonedx.org/bom/v1.4',
    'https://cyclonedx.org/bom/v1.5',
    'https://cyclonedx.org/bom/v1.6',
  ],
  vuln: [
    'https://cosign.sigstore.dev/attestation/vuln/v1',
    'https://in-toto.io/attestation/vulns/v0.1',
    'https://in-toto.io/attestation/vulns/v0.2',
  ],
};

/** The names, for people. */
export const PREDICATE_NAMES: readonly string[] = Object.keys(PREDICATE_TYPES);

/** The types behind a well-known name, or the type itself. */
export function predicateTypesOf(nameOrType: string): readonly string[] {
  return Object.hasOwn(PREDICATE_TYPES, nameOrType)
    ? (PREDICATE_TYPES[nameOrType] ?? [])
    : [nameOrType];
}
