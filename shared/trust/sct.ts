import { ByteStream, crypto, X509Certificate, X509SCTExtension } from '@sigstore/core';

import { isSignedBy } from './certificate.ts';
import { isOutside } from './period.ts';
import type { TrustRoot } from './trusted-root.ts';

/** RFC 6962, section 3.3: the list of signed certificate timestamps. */
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';

/**
 * A leaf whose certificate timestamps the sigstore library does not look at: it would refuse one of an unknown log
 * beside good ones. `isLogged` looks instead.
 */
export class UnloggedCertificate extends X509Certificate {
  override clone(): X509Certificate {
    return withoutScts(super.clone()).certificate;
  }
}

/**
 * Whether a leaf has a timestamp of a trusted certificate log that was in use at its time, over this leaf as one of the
 * trusted authorities issued it (RFC 6962, section 3.2). Others beside it prove nothing and deny nothing.
 */
export function isLogged(leaf: X509Certificate, root: TrustRoot): boolean {
  try {
    const { certificate, scts } = withoutScts(
      X509Certificate.parse(Buffer.from(leaf.root.toDER())),
    );
    const tbs = certificate.tbsCertificate.toDER();
    const issuers = root.certificateAuthorities
      .flatMap(({ certChain }) => certChain)
      .filter((issuer) => issuer.subject.equals(leaf.issuer) && isSignedBy(leaf, issuer));
    return issuers.some((issuer) => {
      const entry = new ByteStream();
      entry.appendView(crypto.digest('sha256', issuer.publicKey));
      entry.appendUint24(tbs.length);
      entry.appendView(tbs);
      return scts.some((sct) =>
        root.ctlogs.some(
          ({ logID, publicKey, validFor }) =>
            logID.equals(sct.logID) &&
            !isOutside(sct.datetime, validFor) &&
            sct.verify(entry.buffer, publicKey),
        ),
      );
    });
  } catch {
    // A list that cannot be read holds no timestamp.
    return false;
  }
}

type Scts = X509SCTExtension['signedCertificateTimestamps'];

/** The certificate as it was logged; it is changed. */
function withoutScts(certificate: X509Certificate): { certificate: X509Certificate; scts: Scts } {
  const { extensions } = certificate;
  const at = extensions.findIndex(({ subs }) => subs[0]?.toOID() === SCT_LIST);
  const [extension] = at < 0 ? [] : extensions.splice(at, 1);
  const scts =
    extension === undefined ? [] : new X509SCTExtension(extension).signedCertificateTimestamps;
  return { certificate, scts };
}
