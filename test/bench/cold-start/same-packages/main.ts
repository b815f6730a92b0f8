import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { getRequestListener } from '@hono/node-server';
import { bulkhead } from 'cockatiel';
import { Hono } from 'hono';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import picomatch from 'picomatch';
import { pino } from 'pino';
import { parse } from 'semver';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';

// The floor of an opened function: a hello world that loads the packages that it has, for a line of work each, bundled
// and cached as it is. It parses no config, and has neither schemas nor clients.
const log = pino({ base: null });
const env = z.object({ PORT: z.coerce.number(), HOST: z.string() }).safeParse(process.env);
if (!env.success) {
  log.error({ code: 'bad-config', variables: env.error.issues.map(({ path }) => path) });
  process.exit(1);
}
const keys = createRemoteJWKSet(new URL('https://keys.example/'));
const people = new LRUCache<string, Promise<unknown>>({ max: 1 });
const lines = new LineCounter();
const greeting = z
  .object({ hello: z.string() })
  .parse(parseDocument('hello: World', { lineCounter: lines }).toJS());
const isWord = picomatch('W*');
const turns = bulkhead(1, 1);
const app = new Hono();
const isFirst = parse('1.2.3')?.major === 1;
app.get('/', (c) =>
  turns.execute(() => c.json({ isFirst, isWord: isWord(greeting.hello), ...greeting })),
);
app.get('/me', (c) => {
  people.set('me', jwtVerify(c.req.header('authorization') ?? '', keys));
  return c.text(greeting.hello);
});
http('hello', (req, res) => void getRequestListener((request) => app.fetch(request))(req, res));
getTestServer('hello').listen(env.data.PORT, env.data.HOST, () => log.info('Listening'));
