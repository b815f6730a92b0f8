/**
 * What one verification may cost. Everything that is counted here is written by those who can push to the repository,
 * so each bound is a denial that must stay a denial: past it, candidates are refused, never approved.
 */

/** Referrers whose manifests are read, in each place. Cosign writes one per signature or attestation. */
export const MAX_REFERRERS = 256;

/** Signatures examined in each place, so that a crowded `.sig` tag cannot starve the referrers. */
export const MAX_SIGNATURES = 256;

/** A legacy payload is about 250 bytes; claims of `cosign sign -a` make it longer. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

/** A signature's bundle is about 10 kB with its log entry; an attestation's carries a whole SBOM. */
export const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

/** Manifests and blobs read in one place. */
export const MAX_PLACE_BYTES = 16 * 1024 * 1024;

/** Nesting of any JSON that is read; in-toto predicates stay below twenty. */
export const MAX_JSON_DEPTH = 64;

/** Values of a predicate that a condition reads; the SBOM of a large image has half of that. */
export const MAX_CONDITION_VALUES = 200_000;

/** The same where the condition looks at pairs of them: nine million take seconds. */
export const MAX_PAIRED_VALUES = 3000;

/** Digits of a number in JSON: arithmetic on longer ones takes time that grows with their square. */
export const MAX_DIGITS = 400;

/** As Go's implementation (CVE-2024-45395): refused before any cryptography. */
export const MAX_LOG_ENTRIES = 32;
export const MAX_TIMESTAMPS = 32;
export const MAX_SUBJECTS = 1024;

/** Fulcio's leaves are about 1.5 kB, stamps with their chain about 4 kB. */
export const MAX_CERTIFICATE_BYTES = 64 * 1024;
export const MAX_TIMESTAMP_BYTES = 64 * 1024;

/** Certificates of authorities between a leaf and its root, and roots of a policy. */
export const MAX_CHAIN = 10;

/** A path in a tree of 2^64 leaves. */
export const MAX_PROOF_HASHES = 64;

/** A checkpoint is a few lines, and one more for each witness. Its numbers are parsed before it is authenticated. */
export const MAX_CHECKPOINT_CHARACTERS = 16 * 1024;

/** Trusted log entries, and stamps, of one signature: cosign writes one of each, anyone can add more, each costs time. */
export const MAX_TRUSTED_PROOFS = 4;

/** Requests to the registry at once, for one verification. */
export const MAX_CONCURRENT_FETCHES = 8;

/** Collecting every candidate; slower than this is "could not check". Milliseconds. */
export const MAX_DISCOVERY_MS = 20_000;

/** Signature checks between two turns of the event loop: junk must not stop the requests of others. */
export const CHECKS_PER_TURN = 32;
