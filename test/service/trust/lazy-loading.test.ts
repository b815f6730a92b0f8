import { fileURLToPath } from 'node:url';

import * as z from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';

import { startChild } from '#test/fakes/child.ts';

const Loaded = z.object({
  status: z.string(),
  byKey: z.array(z.string()),
  byIdentity: z.array(z.string()),
});

/** What only certificates, logs and roots need. */
const KEYLESS = [
  'shared/trust/verify-keyless.ts',
  'shared/trust/verify-pki.ts',
  'shared/trust/prove.ts',
  'shared/trust/certificate.ts',
  'shared/trust/trusted-root.ts',
  'node_modules/@sigstore/verify/',
  'node_modules/@sigstore/tuf/',
  'node_modules/re2js/',
  'node_modules/@noble/curves/nist.js',
];

describe('the trust room', () => {
  let loaded: z.infer<typeof Loaded>;
  beforeAll(async () => {
    const child = startChild(fileURLToPath(new URL('load-modules.ts', import.meta.url)), {});
    loaded = Loaded.parse(await child.line('Loaded'));
  });

  it('verifies by keys', () => {
    expect(loaded.status).toBe('verified');
    expect(loaded.byKey.filter((url) => url.includes('shared/trust/verifier.ts'))).toHaveLength(1);
  });

  it.each(KEYLESS)('loads no %s for a policy of keys', (part) => {
    expect(loaded.byKey.filter((url) => url.includes(part))).toEqual([]);
  });

  it('loads what an identity needs, and neither TUF nor curves for a mounted root', () => {
    const found = KEYLESS.filter((part) => loaded.byIdentity.some((url) => url.includes(part)));
    expect(found).toEqual([
      'shared/trust/verify-keyless.ts',
      'shared/trust/prove.ts',
      'shared/trust/certificate.ts',
      'shared/trust/trusted-root.ts',
      'node_modules/@sigstore/verify/',
      'node_modules/re2js/',
    ]);
  });
});
