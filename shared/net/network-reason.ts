/** What Node and OpenSSL call the reasons for which a server is not believed, and what they mean. */
const TLS_REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not one that is trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of a private CA, which is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of a CA that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of a CA that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of a CA that is not trusted here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_SIGNATURE_FAILURE: 'its certificate has a bad signature',
  CERT_REVOKED: 'its certificate is revoked',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate',
};

/** Causes within causes; longer chains have no more to say. */
const MAX_DEPTH = 8;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/**
 * Why a server could not be reached, as the end of a message: ` (its certificate has expired: CERT_HAS_EXPIRED)`, or the
 * code alone where that is plain; empty where there is none.
 */
export function reasonOf(error: unknown): string {
  const code = codeIn(error);
  if (code === undefined) return '';
  const meaning = TLS_REASONS[code];
  return meaning === undefined ? ` (${code})` : ` (${meaning}: ${code})`;
}

/** The innermost code: what surrounds it is most often the name of a failed `fetch`. */
function codeIn(error: unknown): string | undefined {
  let found: string | undefined;
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string' && CODE.test(current.code)) {
      found = current.code;
    }
    const [first]: readonly unknown[] = current instanceof AggregateError ? current.errors : [];
    current = current.cause ?? first;
  }
  return found;
}
