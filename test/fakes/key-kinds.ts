import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { ed25519ph } from '@noble/curves/ed25519.js';

export interface KindOfKey {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly sign: (bytes: Buffer) => Buffer;
}

type Pair = Pick<KindOfKey, 'publicKey' | 'privateKey'>;

const elliptic = (namedCurve: string) => (): Pair => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number) =>
  inTurn(`rsa ${modulusLength}`, () => generateKeyPairSync('rsa', { modulusLength }));
const pss = (hashAlgorithm?: string) =>
  inTurn(`pss ${hashAlgorithm}`, () =>
    generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      ...(hashAlgorithm === undefined ? {} : { hashAlgorithm, mgf1HashAlgorithm: hashAlgorithm }),
    }),
  );

const made = new Map<string, readonly Pair[]>();

/** One pair and another, in turn: an RSA key takes up to a second, and no test needs a third of one size. */
function inTurn(name: string, make: () => Pair): () => Pair {
  return () => {
    const [next = make(), after = make()] = made.get(name) ?? [];
    made.set(name, [after, next]);
    return next;
  };
}

const hashed = (hash: string) => (bytes: Buffer, key: KeyObject) => sign(hash, bytes, key);
const padded = (hash: string) => (bytes: Buffer, key: KeyObject) =>
  sign(hash, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

/** How keys are made, and how cosign (docs/signatures.md) or Cloud KMS signs with them. */
const KINDS = {
  'P-256': [elliptic('P-256'), hashed('sha256')],
  'P-384': [elliptic('P-384'), hashed('sha384')],
  'P-521': [elliptic('P-521'), hashed('sha512')],
  Ed25519: [() => generateKeyPairSync('ed25519'), (bytes, key) => sign(null, bytes, key)],
  Ed25519ph: [() => generateKeyPairSync('ed25519'), signPrehashed],
  'RSA 2048': [rsa(2048), hashed('sha256')],
  'RSA 3072': [rsa(3072), hashed('sha256')],
  'RSA 4096': [rsa(4096), hashed('sha256')],
  'RSA 4096, SHA-512': [rsa(4096), hashed('sha512')],
  'RSA 2048, PSS': [rsa(2048), padded('sha256')],
  'RSA 4096, PSS, SHA-512': [rsa(4096), padded('sha512')],
  'RSA-PSS': [pss(), padded('sha256')],
  'RSA-PSS, SHA-512': [pss('sha512'), (bytes, key) => sign('sha512', bytes, key)],
} as const satisfies Record<
  string,
  readonly [() => Pair, (bytes: Buffer, key: KeyObject) => Buffer]
>;

export type KeyKind = keyof typeof KINDS;

/** Makes a key pair of one kind. */
export function generateKeyOf(kind: KeyKind): KindOfKey {
  const [generate, signWith] = KINDS[kind];
  const { publicKey, privateKey } = generate();
  return { publicKey, privateKey, sign: (bytes) => signWith(bytes, privateKey) };
}

function signPrehashed(bytes: Buffer, key: KeyObject): Buffer {
  const { d = '' } = key.export({ format: 'jwk' });
  return Buffer.from(ed25519ph.sign(bytes, Buffer.from(d, 'base64url')));
}
