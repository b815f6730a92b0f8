/** Layer of a legacy signature: its blob is the signed payload (cosign SIGNATURE_SPEC, "Simple Signing"). */
export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Config of cosign's experimental referrer form, which carries the layers of the legacy form. */
export const EXPERIMENTAL_SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

/** Layer of a legacy attestation: its blob is a DSSE envelope (cosign ATTESTATION_SPEC). */
export const DSSE_ENVELOPE = 'application/vnd.dsse.envelope.v1+json';

/** Artifact type of a referrer that holds DSSE envelopes, and of its layers. */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** Every version of the sigstore bundle that is read, exactly: a longer name that begins like one is something else. */
const BUNDLES: ReadonlySet<string> = new Set([
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
]);

/** Whether `mediaType` is a sigstore bundle of a version that is known. */
export function isBundleMediaType(mediaType: string): boolean {
  return BUNDLES.has(mediaType);
}

/** Whether a bundle of this type may carry a chain in place of its leaf: version 0.3 took that away. */
export function mayCarryChain(mediaType: string): boolean {
  return /[=]0\.[12]$/.test(mediaType);
}

/**
 * Whether a referrer's descriptor leaves it open that it is a signature: fallback tags written by older tools claim no
 * artifact type or the empty one (cosign#4641, #4422, #5098).
 */
export function mayBeSignature(artifactType: string | undefined): boolean {
  return (
    artifactType === undefined ||
    artifactType === '' ||
    artifactType === 'application/vnd.oci.empty.v1+json' ||
    artifactType === EXPERIMENTAL_SIGNATURE ||
    artifactType === DSSE_ENVELOPE ||
    artifactType === IN_TOTO ||
    isBundleMediaType(artifactType)
  );
}
