import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { cleanAnswer } from '#functions/api/clean-answer.ts';
import type { ApiEnv } from '#functions/api/guard.ts';

const FOREIGN = 'a\u202eb\u001b[2J\u2028c';

it.each([
  [
    'application/json',
    JSON.stringify({ FOREIGN }),
    String.raw`{"FOREIGN":"a\u202eb\u001b[2J\u2028c"}`,
  ],
  ['application/problem+json', '"\u200b"', String.raw`"\u200b"`],
  ['text/plain; charset=UTF-8', `${FOREIGN}\n\t`, 'a\ufffdb\ufffd[2J\ufffdc\n\t'],
  ['text/html; charset=UTF-8', `<p>${FOREIGN}</p>\n`, '<p>a\ufffdb\ufffd[2J\ufffdc</p>\n'],
  ['text/css', FOREIGN, FOREIGN],
])('shows no unseen character of others in %s', async (type, body, expected) => {
  const app = new Hono<ApiEnv>();
  app.use(cleanAnswer);
  app.get('/', (c) => c.body(body, 202, { 'content-type': type, 'x-kept': 'yes' }));
  const answer = await app.request('/');
  expect(await answer.text()).toBe(expected);
  expect([answer.status, answer.headers.get('x-kept')]).toEqual([202, 'yes']);
});
