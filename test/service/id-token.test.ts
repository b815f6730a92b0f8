import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { readIdToken } from '#functions/wiring/google-token.ts';

/** A machine of Google's, as far as its metadata server goes. */
const asked: string[] = [];
const server = createServer((request, answer) => {
  asked.push(`${request.url}`);
  answer.setHeader('metadata-flavor', 'Google');
  const claims = Buffer.from(JSON.stringify({ exp: 4_000_000_000 })).toString('base64url');
  answer.end(request.url?.includes('/identity') ? `e30.${claims}.x` : '{}');
});

beforeEach(async () => {
  asked.length = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.int() }).parse(server.address());
  vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${port}`);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
  vi.stubEnv('HOME', '/nonexistent');
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('an ID token is made by the metadata server for the audience, with its e-mail', async () => {
  expect(await readIdToken('https://aud.example')).toMatch(/^e30\./);
  const identity = asked.find((path) => path.includes('/identity')) ?? '';
  expect(new URL(identity, 'http://x').searchParams.get('audience')).toBe('https://aud.example');
  expect(identity).toContain('format=full');
});
