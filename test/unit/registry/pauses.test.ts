import { describe, expect, it } from 'vitest';
import { createPauses } from '#shared/net/pauses.ts';
import { failureOf, NOW, scripted } from './scripted-registry.ts';

const busy = (headers: Record<string, string>, status = 429) =>
  new Response(null, { status, headers });

describe('a registry that is busy', () => {
  it.each([429, 503])('is left alone by all that ask it after %d', async (status) => {
    const { registry, seen } = scripted(() => busy({ 'retry-after': '20' }, status));
    for (const repository of ['registry.test/a', 'registry.test/b', 'registry.test/c']) {
      const failure = await failureOf(registry.manifest(repository, 'v1'));
      expect(failure).toMatchObject({ code: 'registry-unavailable', retryAfterMs: 20_000 });
    }
    expect(seen).toHaveLength(1);
  });

  it('says of what it asked for, and for how long', async () => {
    const { registry } = scripted(() => busy({ 'retry-after': '20' }));
    await failureOf(registry.manifest('registry.test/a', 'v1'));
    const failure = await failureOf(registry.manifest('registry.test/b', 'v1'));
    expect(failure?.message).toBe(
      'Registry registry.test asked for a pause, of which 20 s are left',
    );
  });

  it('is left alone by one that learns of it elsewhere', async () => {
    const pauses = createPauses({ now: () => NOW.getTime() });
    await pauses.remember('registry.test', 60_000);
    const { registry, seen } = scripted(() => busy({}), { pauses });
    const failure = await failureOf(registry.manifest('registry.test/a', 'v1'));
    expect(failure).toMatchObject({ retry: true, retryAfterMs: 60_000 });
    expect(seen).toEqual([]);
  });
});
