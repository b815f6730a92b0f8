import { ASN1Obj, type X509Certificate } from '@sigstore/core';

import { type Refusal, refuse } from './candidate.ts';

/** What a certificate says of its holder; worth as much as who issued it. */
export interface CertificateIdentity {
  /** URI, e-mail address and Fulcio's user name, in the order of the certificate; as a rule there is one. */
  readonly subjects: readonly string[];
  /** Those, and DNS names: all that a certificate of another PKI may name its holder by. */
  readonly names: readonly string[];
  readonly issuer: string | undefined;
  /** Extensions with a text, by OID. */
  readonly claims: ReadonlyMap<string, string>;
}

const SUBJECT_ALT_NAME = '2.5.29.17';

// Fulcio's "Sigstore OID information".
const FULCIO = '1.3.6.1.4.1.57264.1';
const ISSUER_V1 = `${FULCIO}.1`;
const ISSUER_V2 = `${FULCIO}.8`;
const USER_NAME = `${FULCIO}.7`;
/** Those of the first generation hold their text bare; all others as a DER string. */
const BARE = new RegExp(`^${FULCIO.replaceAll('.', '\\.')}\\.[1-6]$`);

/** X.680, section 8.6: UTF8String, PrintableString, IA5String. */
const STRINGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x16]);

// RFC 5280, section 4.2.1.6: GeneralName.
const OTHER_NAME = 0;
const EMAIL = 1;
const DNS = 2;
const URI = 6;

/**
 * The identity in a certificate. Two spellings of one thing are refused: an extension twice, and two issuers that
 * differ. Throws where the DER is not that of a certificate.
 */
export function readIdentity(certificate: X509Certificate): CertificateIdentity | Refusal {
  const claims = new Map<string, string>();
  const seen = new Set<string>();
  for (const extension of certificate.extensions) {
    const oid = extension.subs[0]?.toOID() ?? '';
    if (seen.has(oid)) return refuse('malformed', `Certificate has the extension ${oid} twice`);
    seen.add(oid);
    const text = readText(oid, extension.subs.at(-1)?.value ?? Buffer.alloc(0));
    if (text !== undefined) claims.set(oid, text);
  }
  const [first, second] = [claims.get(ISSUER_V1), claims.get(ISSUER_V2)];
  if (first !== undefined && second !== undefined && first !== second) {
    return refuse('wrong-issuer', 'Certificate names two issuers');
  }
  const read = readNames(certificate);
  const subjects = read.flatMap(({ isDns, name }) => (isDns ? [] : [name]));
  return { subjects, names: read.map(({ name }) => name), issuer: second ?? first, claims };
}

interface Name {
  readonly name: string;
  readonly isDns: boolean;
}

function readNames(certificate: X509Certificate): readonly Name[] {
  const names = certificate.extension(SUBJECT_ALT_NAME)?.valueObj.subs[0]?.subs ?? [];
  return names.flatMap((asn1) => {
    const name = readName(asn1);
    return name === undefined ? [] : [{ name, isDns: asn1.tag.isContextSpecific(DNS) }];
  });
}

function readName(name: ASN1Obj): string | undefined {
  // An IA5String: the library would strip the high bit, and make one name of two.
  if ([URI, EMAIL, DNS].some((kind) => name.tag.isContextSpecific(kind))) {
    return name.value.every((byte) => byte < 0x80) ? decode(name.value) : undefined;
  }
  if (!name.tag.isContextSpecific(OTHER_NAME)) return undefined;
  const [type, value] = name.subs;
  return type?.toOID() === USER_NAME ? decode(value?.subs[0]?.value) : undefined;
}

function readText(oid: string, value: Buffer): string | undefined {
  if (BARE.test(oid)) return decode(value);
  try {
    const text = ASN1Obj.parseBuffer(Buffer.from(value));
    return STRINGS.has(text.tag.toDER()) ? decode(text.value) : undefined;
  } catch {
    return undefined;
  }
}

function decode(bytes: Uint8Array | undefined): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
