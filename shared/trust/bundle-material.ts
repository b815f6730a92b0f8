import { type Evidence, type Refusal, refuse } from './candidate.ts';
import { MAX_LOG_ENTRIES, MAX_TIMESTAMPS } from './limits.ts';
import { isBundleMediaType } from './media-types.ts';
import type { MaterialJson } from './schema.ts';

/** Who a bundle says has signed it, and the proof it carries, uncounted yet not too much of it. */
export function readBundleMaterial(
  mediaType: string,
  material: MaterialJson,
): Pick<Evidence, 'material' | 'proof'> | Refusal {
  if (!isBundleMediaType(mediaType)) {
    return refuse('malformed', 'Bundle is of an unknown version');
  }
  const { publicKey, certificate, x509CertificateChain: chain } = material;
  const logEntries = material.tlogEntries ?? [];
  const timestamps = material.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (logEntries.length > MAX_LOG_ENTRIES) {
    return refuse('too-many', `Bundle has more than ${MAX_LOG_ENTRIES} log entries`);
  }
  if (timestamps.length > MAX_TIMESTAMPS) {
    return refuse('too-many', `Bundle has more than ${MAX_TIMESTAMPS} timestamps`);
  }
  if ([publicKey, certificate, chain].filter((one) => one !== undefined).length !== 1) {
    return refuse('malformed', 'Bundle needs exactly one of publicKey and certificate');
  }
  const leaf = certificate?.rawBytes ?? chain?.certificates[0].rawBytes;
  return {
    material:
      publicKey === undefined
        ? { type: 'certificate' }
        : { type: 'public-key', hint: publicKey.hint ?? '' },
    proof: {
      form: 'bundle',
      mediaType,
      certificate: leaf,
      // Version 0.3 took it away, and cosign 3 writes one all the same for a PKI of one's own.
      ...(chain === undefined ? {} : { chain: chain.certificates.slice(1) }),
      logEntries,
      timestamps,
    },
  };
}
