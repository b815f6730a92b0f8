import { expect, it } from 'vitest';
import { createLanes } from '#shared/content/read-content.ts';

/** Work that is done when the test says so. */
function createWork() {
  const ends = new Map<string, () => void>();
  const begun: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    begun.push(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.set(name, resolve);
    await promise;
    return name;
  };
  return { begun, work, end: (name: string) => ends.get(name)?.() };
}

it('runs few for a host and few at all, and the one that waited longest next', async () => {
  const lanes = createLanes({ total: 3, perHost: 2 });
  const { begun, work, end } = createWork();
  const names = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'];
  const done = names.map((name) => lanes(name.slice(0, 1), work(name)));
  await Promise.resolve();
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  end('b1');
  await done[3];
  await Promise.resolve();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'b2']);
  end('a1');
  await done[0];
  await Promise.resolve();
  expect(begun.at(-1)).toBe('a3');
  for (const name of ['a2', 'a3', 'b2']) end(name);
  await Promise.all([done[1], done[2], done[4]]);
  await Promise.resolve();
  end('c1');
  expect(await Promise.all(done)).toEqual(names);
});

it('frees a lane whose work fails', async () => {
  const lanes = createLanes({ total: 1, perHost: 1 });
  const failing = lanes('a', () => Promise.reject(new Error('Down')));
  const next = lanes('a', async () => 'done');
  await expect(failing).rejects.toThrow('Down');
  expect(await next).toBe('done');
});
