import type { KeyObject } from 'node:crypto';

import { isRefusal } from '#shared/trust/candidate.ts';
import { prepareAuthority } from '#shared/trust/authority.ts';
import { readBundleSignature } from '#shared/trust/bundle.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { readLegacySignature } from '#shared/trust/legacy.ts';
import { readPublicKey } from '#shared/trust/public-key.ts';
import { createTrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import {
  bundleOf,
  createSigningKey,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  signBundle,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';
import type { KeyKind } from '#test/fakes/key-kinds.ts';
import { createMemoryRegistry, digestOf } from '#test/fakes/memory-registry.ts';

import { measure, printTable } from '../measure.ts';

const REPOSITORY = 'registry.example/configs/platform';
const DIGEST = digestOf(Buffer.from('image'));
const KINDS: readonly KeyKind[] = [
  'P-256',
  'P-384',
  'P-521',
  'Ed25519',
  'Ed25519ph',
  'RSA 2048',
  'RSA 4096',
];

interface Floor {
  readonly bytes: Buffer;
  readonly signature: Buffer;
  readonly key: KeyObject;
}

/** Bytes at hand to verdict of one authority, and a whole verification over a registry in memory, against the floor. */
export async function benchKeys(): Promise<void> {
  const rows = [
    ['key, ms', 'verify()', 'legacy', '×', 'bundle', '×', 'whole legacy', 'whole bundle'],
  ];
  for (const kind of KINDS) rows.push(await benchKind(kind));
  process.stdout.write(
    'One signature by a key; × is over the bare verify() of the same signature\n',
  );
  printTable(rows);
}

async function benchKind(kind: KeyKind): Promise<string[]> {
  const key = createSigningKey(kind);
  const registry = createMemoryRegistry();
  const payload = Buffer.from(legacyPayload(DIGEST));
  const layer = legacyLayer(registry, REPOSITORY, payload, key);
  const bundle = Buffer.from(JSON.stringify(bundleOf(statementOf(DIGEST), key)));
  const trusted = await readPublicKey(key.pem, 'release');
  const { algorithm } = trusted;
  if (isRefusal(algorithm)) throw new Error(algorithm.detail);
  const [authority] = keyPolicy([key]).authorities;
  if (authority === undefined) throw new Error('a policy has an authority');
  const roots = createTrustRootLoader({ now: Date.now });
  const check = await prepareAuthority(authority, {
    keys: createKeyLoader(),
    roots,
    now: Date.now,
  });

  const floor: Floor = {
    bytes: payload,
    signature: key.sign?.(payload) ?? Buffer.alloc(0),
    key: trusted.key,
  };
  const bare = await measure(() => algorithm.verify(floor.bytes, floor.key, floor.signature));
  const legacy = await measure(() => {
    const evidence = readLegacySignature(
      { ...layer, annotations: { ...layer.annotations } },
      payload,
      DIGEST,
    );
    expectAccepted(isRefusal(evidence) ? evidence : check.check(evidence));
  });
  const bundled = await measure(() => {
    const evidence = readBundleSignature(bundle, DIGEST, DIGEST);
    expectAccepted(isRefusal(evidence) ? evidence : check.check(evidence));
  });
  const wholes: string[] = [];
  for (const signWith of [signLegacy, signBundle]) wholes.push(await benchWhole(key, signWith));
  return [
    kind,
    bare.toFixed(3),
    legacy.toFixed(3),
    (legacy / bare).toFixed(2),
    bundled.toFixed(3),
    (bundled / bare).toFixed(2),
    ...wholes,
  ];
}

async function benchWhole(
  key: ReturnType<typeof createSigningKey>,
  signWith: typeof signLegacy | typeof signBundle,
): Promise<string> {
  const registry = createMemoryRegistry();
  signWith(registry, REPOSITORY, DIGEST, key);
  const policy = keyPolicy([key]);
  const keys = createKeyLoader();
  let turn = 0;
  const ms = await measure(async () => {
    // A new hash each time, so that no verdict is remembered.
    const verifier = createVerifier({ registry, keys, now: Date.now });
    const fresh = { ...policy, hash: `sha256:${(turn += 1)}` };
    const verdict = await verifier.verify({ repository: REPOSITORY, digest: DIGEST }, fresh);
    if (verdict.status !== 'verified') throw new Error(`Verdict is ${verdict.status}`);
  });
  return ms.toFixed(3);
}

function expectAccepted(result: object): void {
  if (isRefusal(result)) throw new Error(result.detail);
}
