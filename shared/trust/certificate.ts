import { type KeyObject, X509Certificate } from 'node:crypto';
import {
  ASN1Obj,
  ByteStream,
  crypto,
  X509Certificate as ParsedCertificate,
  X509SCTExtension,
} from '@sigstore/core';
import { decodeText } from '#shared/net/json.ts';
import { isRefusal, type Refusal, refuse } from './candidate.ts';
import type { TrustRoot } from './trusted-root.ts';

/** A signer's leaf: well formed and meant for signing code, by any issuer. */
export interface Certificate {
  readonly der: Buffer;
  /** As the sigstore library verifies it. */
  readonly parsed: ParsedCertificate;
  readonly key: KeyObject;
  readonly identity: CertificateIdentity;
}

/** RFC 5280, section 4.2.1.12: id-kp-codeSigning. */
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** Whether `issuer` has signed a leaf; its name and its times are not looked at. */
export function isSignedBy(leaf: ParsedCertificate, issuer: ParsedCertificate): boolean {
  try {
    return leaf.verify(issuer);
  } catch {
    // A root may hold keys that Node cannot use.
    return false;
  }
}

/** The certificates of authorities of a root that have issued a leaf, by name and signature. */
export function issuersOf(leaf: ParsedCertificate, root: TrustRoot): readonly ParsedCertificate[] {
  return root.certificateAuthorities
    .flatMap(({ certChain }) => certChain)
    .filter((issuer) => issuer.subject.equals(leaf.issuer) && isSignedBy(leaf, issuer));
}

/**
 * Reads a leaf: `malformed`, or `wrong-key-usage` where it was not issued for signing code. The sigstore library does
 * not look: a web server's certificate of the same authority would sign images (docs/facts/signatures.md#the-library).
 */
export function readCertificate(der: Buffer): Certificate | Refusal {
  try {
    const certificate = new X509Certificate(der);
    const parsed = ParsedCertificate.parse(Buffer.from(der));
    const identity = readIdentity(parsed);
    if (isRefusal(identity)) return identity;
    // Typed as if always there; without the extension it is undefined.
    const usages: readonly string[] | undefined = certificate.keyUsage;
    const isForCode = usages?.includes(CODE_SIGNING) ?? false;
    if (certificate.ca || !isForCode) {
      return refuse('wrong-key-usage', 'Certificate was not issued for signing code');
    }
    return { der, parsed, key: certificate.publicKey, identity };
  } catch {
    return refuse('malformed', 'Certificate cannot be read');
  }
}

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

/** The identity in a certificate. An extension twice, and two issuers that differ, refuse it. Throws for other DER. */
function readIdentity(certificate: ParsedCertificate): CertificateIdentity | Refusal {
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
  const all = certificate.extension(SUBJECT_ALT_NAME)?.valueObj.subs[0]?.subs ?? [];
  const readNames = (some: readonly ASN1Obj[]) => some.flatMap((name) => readName(name) ?? []);
  const subjects = readNames(all.filter(({ tag }) => !tag.isContextSpecific(DNS)));
  return { subjects, names: readNames(all), issuer: second ?? first, claims };
}

function readName(name: ASN1Obj): string | undefined {
  // An IA5String: the library would strip the high bit, and make one name of two.
  if ([URI, EMAIL, DNS].some((kind) => name.tag.isContextSpecific(kind))) {
    return name.value.every((byte) => byte < 0x80) ? decodeText(name.value) : undefined;
  }
  if (!name.tag.isContextSpecific(OTHER_NAME)) return undefined;
  const [type, value] = name.subs;
  return type?.toOID() === USER_NAME
    ? decodeText(value?.subs[0]?.value ?? Buffer.alloc(0))
    : undefined;
}

function readText(oid: string, value: Buffer): string | undefined {
  if (BARE.test(oid)) return decodeText(value);
  try {
    const text = ASN1Obj.parseBuffer(Buffer.from(value));
    return STRINGS.has(text.tag.toDER()) ? decodeText(text.value) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `time` is before or after a period, both ends included. */
export function isOutside(
  time: Date,
  { start, end }: { readonly start: Date; readonly end: Date },
): boolean {
  return time < start || time > end;
}

/** RFC 6962, section 3.3: the list of signed certificate timestamps. */
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';

/** A leaf whose timestamps the library leaves to `isLogged`: it would refuse one of an unknown log beside good ones. */
export class UnloggedCertificate extends ParsedCertificate {
  override clone(): ParsedCertificate {
    return withoutScts(super.clone()).certificate;
  }
}

/**
 * Whether a leaf has a timestamp of a trusted certificate log that was in use at its time, over this leaf as one of the
 * trusted authorities issued it (RFC 6962, section 3.2). Others beside it prove nothing and deny nothing.
 */
export function isLogged(leaf: ParsedCertificate, root: TrustRoot): boolean {
  try {
    const copy = ParsedCertificate.parse(Buffer.from(leaf.root.toDER()));
    const { certificate, scts } = withoutScts(copy);
    const tbs = certificate.tbsCertificate.toDER();
    return issuersOf(leaf, root).some((issuer) => {
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

/** The certificate as it was logged; it is changed. */
function withoutScts(certificate: ParsedCertificate) {
  const { extensions } = certificate;
  const at = extensions.findIndex(({ subs }) => subs[0]?.toOID() === SCT_LIST);
  const [extension] = at < 0 ? [] : extensions.splice(at, 1);
  const scts = extension && new X509SCTExtension(extension).signedCertificateTimestamps;
  return { certificate, scts: scts ?? [] };
}
