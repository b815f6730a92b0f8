import type { Mutation } from './mutations.ts';

const KEYS = ['test/unit/trust/algorithms.test.ts', 'test/unit/trust/keys.test.ts'];
const KMS = ['test/unit/trust/kms-keys.test.ts'];
const ATTESTED = ['test/unit/trust/attestations.test.ts', 'test/hostile/trust.test.ts'];
const JUDGE = ['test/unit/trust/judge.test.ts', 'test/unit/trust/attestations.test.ts'];
const COMMAND = ['test/unit/functions/cli'];

/** Issue 4: what keeps keys, Cloud KMS, attestations and the command honest. */
export const KEY_MUTATIONS: readonly Mutation[] = [
  ...(
    [
      ['P-384 signs with SHA-256 too', "['sha384', 'sha256', 'sha512']", "['sha384', 'sha512']"],
      ['P-521 signs with SHA-512 too', "['sha512', 'sha256', 'sha384']", "['sha256', 'sha384']"],
      [
        'a hash that is pinned is the only one of ECDSA',
        'createEcdsa(curve, hash === undefined ? hashes : [hash])',
        'createEcdsa(curve, hash === undefined ? hashes : [hash, ...hashes])',
      ],
      [
        'a hash that is pinned is the only one of RSA',
        'pinned === undefined ? RSA_HASHES : [pinned]',
        'pinned === undefined ? RSA_HASHES : [pinned, ...RSA_HASHES]',
      ],
      ['RSA has 2048 bits', 'MIN_RSA_BITS = 2048', 'MIN_RSA_BITS = 1024'],
      ['RSA has a large exponent', 'exponent >= MIN_RSA_EXPONENT', 'exponent >= 1n'],
      ['RSA signs with PKCS #1', "{ padding = 'pkcs1', hash }", "{ padding = 'pss', hash }"],
      ['RSA-PSS needs a strong hash', 'if (own === undefined) {', "if (type === 'dsa') {"],
      [
        'RSA signatures are as long as the modulus',
        'signature.length === Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8)',
        'signature.length + (asymmetricKeyDetails?.modulusLength ?? 0) > 0',
      ],
      [
        'curves that are not known are refused',
        'const hashes = ECDSA_HASHES.get(curve);',
        "const hashes = ECDSA_HASHES.get(curve) ?? ['sha256' as const];",
      ],
    ] as const
  ).map(([guarantee, find, replace]) => ({
    guarantee: `keys: ${guarantee}`,
    file: 'shared/trust/algorithms.ts',
    find,
    replace,
    tests: KEYS,
  })),
  {
    guarantee: 'keys: Ed25519ph, as cosign signs',
    file: 'shared/trust/public-key.ts',
    find: "key.asymmetricKeyType === 'ed25519' ? await loadEd25519()",
    replace: "key.asymmetricKeyType === 'ed448' ? await loadEd25519()",
    tests: KEYS,
  },
  {
    guarantee: 'keys: Ed25519ph is verified',
    file: 'shared/trust/ed25519.ts',
    find: 'ed25519ph.verify(signature, bytes, rawKey(key), { zip215: false })',
    replace: 'rawKey(key).length > 0',
    tests: KEYS,
  },
  {
    guarantee: 'keys: an ECDSA signature ends where it says',
    file: 'shared/trust/ecdsa-signature.ts',
    find: 'body === undefined || body.rest.length > 0',
    replace: 'body === undefined',
    tests: KEYS,
  },
  {
    guarantee: 'keys: P1363 has the length of its curve',
    file: 'shared/trust/ecdsa-signature.ts',
    find: 'bytes !== undefined && signature.length === 2 * bytes',
    replace: 'bytes !== undefined && signature.length > 1',
    tests: KEYS,
  },
  {
    guarantee: 'keys: white space that cosign does not pass over is none',
    file: 'shared/trust/base64.ts',
    find: '/[\\r\\n]/g',
    replace: '/\\s/g',
    tests: ['test/hostile/trust.test.ts'],
  },
  {
    guarantee: 'keys: an ECDSA signature is not longer than its bytes',
    file: 'shared/trust/ecdsa-signature.ts',
    find: 'end > bytes.length || end === begin',
    replace: 'end === begin',
    tests: KEYS,
  },
  {
    guarantee: 'KMS: the key is the one that was asked for',
    file: 'shared/trust/kms-client.ts',
    find: 'answer.name !== name',
    replace: "answer.name === ''",
    tests: KMS,
  },
  {
    guarantee: 'KMS: the key has its checksum',
    file: 'shared/trust/kms-client.ts',
    find: 'answer.pemCrc32c !== String(',
    replace: "answer.pemCrc32c === '' + String(",
    tests: KMS,
  },
  {
    guarantee: 'KMS: only the URI of a version goes into a URL',
    file: 'shared/trust/kms-client.ts',
    find: 'cryptoKeyVersions\\/[0-9]+)$/',
    replace: 'cryptoKeyVersions\\/[0-9]+.*)$/s',
    tests: KMS,
  },
  {
    guarantee: 'KMS: an answer is not read without end',
    file: 'shared/trust/kms-client.ts',
    find: 'size > MAX_ANSWER_BYTES',
    replace: 'size > 1e9',
    tests: KMS,
  },
  {
    guarantee: 'KMS: what is denied is not tried again',
    file: 'shared/trust/kms-client.ts',
    find: 'status === 403 || status === 401',
    replace: 'status === 499',
    tests: KMS,
  },
  {
    guarantee: 'KMS: the algorithm is that of the version',
    file: 'shared/trust/kms-keys.ts',
    find: 'readPublicKey(pem, owner, algorithm?.scheme)',
    replace: 'readPublicKey(pem, owner)',
    tests: KMS,
  },
  {
    guarantee: 'KMS: the key is of the algorithm',
    file: 'shared/trust/kms-keys.ts',
    find: 'if (algorithm.isOf(trusted.key)) return trusted;',
    replace: 'return trusted;',
    tests: KMS,
  },
  {
    guarantee: 'KMS: other algorithms are trusted by nobody',
    file: 'shared/trust/kms-keys.ts',
    find: 'return { ...trusted, algorithm: refusal };',
    replace: 'return trusted.hint === "" ? { ...trusted, algorithm: refusal } : trusted;',
    tests: KMS,
  },
  {
    guarantee: 'KMS: a disabled version is noticed',
    file: 'shared/trust/kms-keys.ts',
    find: 'known !== undefined && deps.now() < known.until',
    replace: 'known !== undefined',
    tests: KMS,
  },
  {
    guarantee: 'KMS: a failure is not remembered',
    file: 'shared/trust/kms-keys.ts',
    find: 'if (held.get(uri) === entry) held.delete(uri);',
    replace: '',
    tests: KMS,
  },
  {
    guarantee: 'attestations: each rule is required',
    file: 'shared/trust/judge.ts',
    find: ' && missing.length === 0',
    replace: '',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: none is a signature',
    file: 'shared/trust/judge.ts',
    find: ' && predicateType === undefined;',
    replace: ';',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: only a trusted signer’s word counts',
    file: 'shared/trust/judge.ts',
    find: `  const result = authority.check(candidate);
  if (isRefusal(result)) return result;
`,
    replace: `  const checked = authority.check(candidate);
  const result = isRefusal(checked) ? { identity: '' } : checked;
`,
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: two signers of one name count once',
    file: 'shared/trust/judge.ts',
    find: 'const names = new Set(authorities.map(({ name }) => name));',
    replace: 'const names = authorities.map(({ name }) => name);',
    tests: JUDGE,
  },
  {
    guarantee: 'attestations: the statement names this image',
    file: 'shared/trust/statement.ts',
    find: "digest['sha256'] === hexOf(subject)",
    replace: "digest['sha256'] !== ''",
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: subjects are counted',
    file: 'shared/trust/statement.ts',
    find: 'statement.subject.length > MAX_SUBJECTS',
    replace: 'statement.subject.length > 1e9',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: the type is the one that is signed',
    file: 'shared/trust/attestation-rules.ts',
    find: 'rules.filter((rule) => rule.predicateType === predicateType)',
    replace: 'rules.filter((rule) => rule.predicateType !== "" || predicateType !== "")',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: a condition holds as it is',
    file: 'shared/trust/attestation-rules.ts',
    find: 'valueAt(predicate, path) !== value',
    replace: 'String(valueAt(predicate, path)) !== String(value)',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: every condition holds',
    file: 'shared/trust/attestation-rules.ts',
    find: 'Object.entries(where).find(differs)?.[0]',
    replace: 'Object.entries(where).slice(0, 1).find(differs)?.[0]',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: lists have positions only',
    file: 'shared/trust/attestation-rules.ts',
    find: 'Array.isArray(value) && !POSITION.test(segment)',
    replace: 'Array.isArray(value) && segment === ""',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: no signature in their place',
    file: 'shared/trust/dsse-attestation.ts',
    find: 'statement.attestation === undefined',
    replace: 'statement.claims === undefined',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: no legacy signature under their tag',
    file: 'shared/trust/manifest.ts',
    find: "signatures: via !== 'attestation-tag',",
    replace: 'signatures: true,',
    tests: ATTESTED,
  },
  {
    guarantee: 'attestations: somebody is named who must sign them',
    file: 'shared/trust/verifier.ts',
    find: 'attestations.length > 0 && (allowUnsigned || authorities.length === 0)',
    replace: 'attestations.length > 99',
    tests: ['test/unit/trust/verifier.test.ts'],
  },
  {
    guarantee: 'the command exits with 1 for what is not verified',
    file: 'functions/cli/verify-image.ts',
    find: "report.verdict.status === 'verified' ? 0 : 1",
    replace: '0',
    tests: COMMAND,
  },
  {
    guarantee: 'the command prints nothing that rules a terminal',
    file: 'functions/cli/verify-image.ts',
    find: 'lines.map(clean)',
    replace: 'lines',
    tests: COMMAND,
  },
  {
    guarantee: 'the command does not wait for ever',
    file: 'functions/cli/verify-image.ts',
    find: 'giveUp(undefined), deps.timeoutMs',
    replace: 'giveUp(undefined), 60_000',
    tests: COMMAND,
  },
];
