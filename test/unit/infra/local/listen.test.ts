import { expect, it } from 'vitest';
import { listen } from '#infra/local/listen.ts';

it('leaves it to the client to end an idle connection', async () => {
  const { host, close } = await listen(() => ({ fetch: () => new Response('there') }));
  const { headers } = await fetch(`http://${host}`);
  await close();
  // Node names the time after which it ends one itself, where it does.
  expect([headers.get('connection'), headers.get('keep-alive')]).toEqual(['keep-alive', null]);
});
