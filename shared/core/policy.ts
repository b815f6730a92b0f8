/** A trust policy as the verifier sees it: files read, durations parsed, defaults filled in by the config room. */
export interface TrustPolicy {
  readonly name: string;
  /** `sha256:<hex>` over everything below, key bytes included: part of every cache key and of the receipt. */
  readonly hash: string;
  /** How many distinct signers must verify, each for an authority of its own. */
  readonly require: number;
  readonly authorities: readonly Authority[];
  readonly format: 'any' | 'bundle' | 'legacy';
  /** Normalised `host/path` where signatures are looked for beside the image's own repository. */
  readonly signatureRepository?: string;
  readonly attestations: readonly AttestationRule[];
  /** A required attestation by an authority is its signature; absent: only a signature is. */
  readonly signatures?: 'attested';
  readonly allowUnsigned: boolean;
}

export type Authority = KeyAuthority | KeylessAuthority | CertificateAuthority;

interface Named {
  readonly name: string;
  /** cosign `-a` claims that must hold. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface KeyAuthority extends Named {
  readonly type: 'key';
  readonly key: KeySource;
  readonly transparencyLog: 'ignore' | 'require';
  /** Needed with `transparencyLog: require`; absent: the public-good root. */
  readonly trustedRoot?: TrustedRootSource;
}

/**
 * A public key: its PEM text, or the `gcpkms://…/cryptoKeyVersions/N` URI it is fetched from. `hash` is the only one
 * that the key signs with; absent, every hash that such a key signs with is tried.
 */
export type KeySource =
  | { readonly pem: string; readonly hash?: SignatureHash }
  | { readonly kms: string };

export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

export interface KeylessAuthority extends Named {
  readonly type: 'keyless';
  /** Exact text, or an anchored pattern. */
  readonly issuer: string | { readonly pattern: string };
  readonly subject: SubjectRule;
  /** `timestamp`: a stamp of a trusted authority does in place of a log entry; absent: an entry is required. */
  readonly transparencyLog?: 'timestamp';
  /** Absent: the certificate has to be in a trusted certificate log. */
  readonly ctLog?: 'ignore';
  readonly trustedRoot: TrustedRootSource;
  /** Certificate extension values that must be equal, by OID (GitHub and GitLab claims). */
  readonly claims: Readonly<Record<string, string>>;
}

/** Holders of certificates of one's own PKI, by a name that the certificate has. */
export interface CertificateAuthority extends Named {
  readonly type: 'certificate';
  /** PEM of the roots, and of intermediates that signatures do not bring along. */
  readonly roots: string;
  readonly subject: SubjectRule;
  /** Who says when the certificate was used: a log, a stamp in its place, or neither: it must be in use now. */
  readonly transparencyLog: 'require' | 'timestamp' | 'ignore';
  /** The logs and timestamp authorities; its certificate authorities are not looked at. */
  readonly trustedRoot?: TrustedRootSource;
}

/** Exact text, or an anchored pattern for a linear-time engine. */
export type SubjectRule = { readonly exact: string } | { readonly pattern: string };

/**
 * The public-good root through TUF, the JSON text of a mounted `trusted_root.json`, or a mirror of one's own: its URL,
 * the text of the TUF `root.json` that its updates are verified from, and the name of the target.
 */
export type TrustedRootSource =
  | 'public-good'
  | { readonly json: string }
  | { readonly tuf: TufSource };

export interface TufSource {
  readonly url: string;
  readonly root: string;
  readonly target: string;
}

export interface AttestationRule {
  /** A predicate type, or a well-known name of several: `predicateTypesOf`. */
  readonly predicateType: string;
  /** Dotted path into the predicate → value that must be equal; a bigint beyond 2^53. */
  readonly where: Readonly<Record<string, string | number | bigint | boolean>>;
  /** A CEL expression over `predicate` that must be true. */
  readonly condition?: string;
}
