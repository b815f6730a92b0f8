import { Hono } from 'hono';

import { crc32c } from '#shared/trust/keys.ts';

export interface FakeKms {
  readonly fetch: typeof fetch;
  /** Every request: method, URL and token. */
  readonly requests: string[];
  /** Sets the public key of a version, by its name without `gcpkms://`; `overrides` spoil the answer. */
  putKey(name: string, pem: string, algorithm: string, overrides?: object): void;
  /** From now on every request is answered so. */
  fail(status: number, body?: unknown): void;
}

/** Cloud KMS's `publicKey` method (docs/facts/google-cloud.md#cloud-kms), reached without a network. */
export function createFakeKms(): FakeKms {
  const keys = new Map<string, object>();
  const requests: string[] = [];
  let failure: { status: number; body: unknown } | undefined;
  const app = new Hono();
  app.get('/v1/*', ({ req }) => {
    requests.push(`${req.method} ${req.url} ${req.header('authorization')}`);
    if (failure !== undefined) return Response.json(failure.body, { status: failure.status });
    const name = req.path.slice('/v1/'.length).replace(/\/publicKey$/, '');
    const key = keys.get(name);
    return key === undefined ? new Response('{}', { status: 404 }) : Response.json(key);
  });
  return {
    requests,
    fetch: async (input, init) => app.fetch(new Request(input, init)),
    putKey(name, pem, algorithm, overrides = {}) {
      const pemCrc32c = String(crc32c(Buffer.from(pem)));
      keys.set(name, { pem, algorithm, pemCrc32c, name, protectionLevel: 'HSM', ...overrides });
    },
    fail(status, body = {}) {
      failure = { status, body };
    },
  };
}
