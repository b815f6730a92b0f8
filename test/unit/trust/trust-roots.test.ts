import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CountersignError } from '#shared/core/errors.ts';
import { createTrustRootLoader, type TrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createPrivateSigstore } from '#test/fixtures/sigstore/private-sigstore.ts';

const HOUR_MS = 3_600_000;

let text: string;
beforeAll(async () => {
  text = (await createPrivateSigstore()).root();
});

let time: number;
let fetches: number;
let answer: () => Promise<string>;
let load: TrustRootLoader;
beforeEach(() => {
  time = 0;
  fetches = 0;
  answer = () => Promise.resolve(text);
  load = createTrustRootLoader({
    now: () => time,
    fetchPublicGood: () => {
      fetches++;
      return answer();
    },
  });
});

const offline = (): Promise<string> => Promise.reject(new Error('no network'));

describe('a mounted root', () => {
  it('is built once for each text, and nothing is fetched', async () => {
    const [first, second] = await Promise.all([
      load({ json: text }, 'ci'),
      load({ json: text }, 'other'),
    ]);
    expect(second).toBe(first);
    await expect(load({ json: `${text} ` }, 'ci')).resolves.not.toBe(first);
    expect(fetches).toBe(0);
  });

  it('that is none is an error of the config that names the authority', async () => {
    await expect(load({ json: '{}' }, 'ci')).rejects.toMatchObject({
      code: 'bad-config',
      retry: false,
      message: expect.stringMatching(/authority "ci".*mediaType/),
    });
  });
});

describe('the public-good root', () => {
  it('is fetched when it is first asked for, once for all', async () => {
    expect(fetches).toBe(0);
    const roots = await Promise.all([load('public-good', 'a'), load('public-good', 'b')]);
    expect(roots[1]).toBe(roots[0]);
    expect(fetches).toBe(1);
  });

  it('is fetched again after six hours, and not before', async () => {
    const first = await load('public-good', 'ci');
    time = 6 * HOUR_MS - 1;
    await expect(load('public-good', 'ci')).resolves.toBe(first);
    time = 6 * HOUR_MS;
    await expect(load('public-good', 'ci')).resolves.not.toBe(first);
    expect(fetches).toBe(2);
  });

  it('is missing with a code that says to try again, and the next one who asks tries', async () => {
    answer = offline;
    await expect(load('public-good', 'ci')).rejects.toMatchObject({
      code: 'trust-root-unavailable',
      retry: true,
      message: expect.stringMatching(/"ci".*trusted_root\.json/),
    });
    answer = () => Promise.resolve(text);
    await expect(load('public-good', 'ci')).resolves.toBeDefined();
    expect(fetches).toBe(2);
  });

  it('that cannot be used is missing too', async () => {
    answer = () => Promise.resolve('{}');
    await expect(load('public-good', 'ci')).rejects.toMatchObject({
      code: 'trust-root-unavailable',
      cause: expect.any(CountersignError),
    });
  });

  it('that cannot be refreshed serves for three days, asked for every five minutes', async () => {
    const first = await load('public-good', 'ci');
    answer = offline;
    time = 6 * HOUR_MS;
    await expect(load('public-good', 'ci')).resolves.toBe(first);
    time += 5 * 60_000 - 1;
    await expect(load('public-good', 'ci')).resolves.toBe(first);
    expect(fetches).toBe(2);
    time += 1;
    await expect(load('public-good', 'ci')).resolves.toBe(first);
    expect(fetches).toBe(3);
    time = 72 * HOUR_MS;
    await expect(load('public-good', 'ci')).resolves.toBe(first);
    time += 6 * 60_000;
    await expect(load('public-good', 'ci')).rejects.toMatchObject({
      code: 'trust-root-unavailable',
    });
  });
});
