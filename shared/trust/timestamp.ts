import { ASN1Obj, RFC3161Timestamp } from '@sigstore/core';

import { type Refusal, refuse } from './candidate.ts';
import type { TrustRoot } from './trusted-root.ts';

/** RFC 3161, section 2.4.2: genTime, with any number of digits after the second. */
const GEN_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/;

/** A stamp whose time may have any fraction: the library reads none but one of three digits. */
export class Timestamp extends RFC3161Timestamp {
  override get signingTime(): Date {
    const text = this.tstInfo.root.subs[4]?.value.toString('latin1') ?? '';
    const [, year, month, day, hour, minute, second, fraction = ''] = GEN_TIME.exec(text) ?? [];
    const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`);
    if (Number.isNaN(time.getTime())) throw new Error('Stamp has no time');
    return time;
  }
}

/** Reads an RFC 3161 response; `malformed` when its time or its signer cannot be read. Nothing is authenticated yet. */
export function readTimestamp(der: Buffer): Timestamp | Refusal {
  try {
    const stamp = new Timestamp(ASN1Obj.parseBuffer(Buffer.from(der)));
    // Both are read from afar, and throw where there is nothing.
    void [stamp.signingTime, stamp.signerSerialNumber.length, stamp.signerIssuer.length];
    return stamp;
  } catch {
    return refuse('malformed', 'Timestamp cannot be read');
  }
}

/** The authorities of a root that have the signer that a stamp names; a stamp without any is somebody else's. */
export function authoritiesOf(
  stamp: Timestamp,
  root: TrustRoot,
): TrustRoot['timestampAuthorities'] {
  return root.timestampAuthorities.filter(({ certChain: [signer] }) => {
    if (signer === undefined) return false;
    const sameSerial = signer.serialNumber.equals(stamp.signerSerialNumber);
    return sameSerial && signer.issuer.equals(stamp.signerIssuer);
  });
}
