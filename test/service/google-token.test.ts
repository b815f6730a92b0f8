import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openGoogleToken } from '#functions/wiring/google-token.ts';

// As on Cloud Run: the library finds the metadata server, and asks it for a token with scopes.

const asked: URL[] = [];
const metadata = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://metadata');
  asked.push(url);
  response.setHeader('Metadata-Flavor', 'Google');
  const token = { access_token: 'token-1', expires_in: 3600, token_type: 'Bearer' };
  response.setHeader('Content-Type', 'application/json');
  response.end(url.pathname.endsWith('/token') ? JSON.stringify(token) : '{}');
});
let home: string;
let port: number;

beforeAll(async () => {
  await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
  const address = metadata.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  ({ port } = address);
  home = await mkdtemp(join(tmpdir(), 'countersign-token-'));
});
afterAll(async () => {
  await new Promise((resolve) => metadata.close(resolve));
  await rm(home, { recursive: true });
});

it('asks for the e-mail in the token, which is what clusters know an account by', async () => {
  vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${port}`);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'acme-prod');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
  // Where gcloud leaves the credentials of a developer.
  vi.stubEnv('HOME', home);
  vi.stubEnv('CLOUDSDK_CONFIG', join(home, 'gcloud'));
  expect(await openGoogleToken()()).toBe('token-1');
  const scopes = asked.find(({ pathname }) => pathname.endsWith('/token'))?.searchParams;
  expect(scopes?.get('scopes')?.split(',').toSorted()).toEqual([
    'https://www.googleapis.com/auth/cloud-platform',
    'https://www.googleapis.com/auth/userinfo.email',
  ]);
});
