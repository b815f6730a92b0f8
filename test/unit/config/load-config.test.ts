import { describe, expect, it } from 'vitest';
import { loadConfig } from '#shared/config/load-config.ts';
import { MAX_CONFIG_BYTES } from '#shared/config/limits.ts';
import type { ReadFile } from '#shared/config/read-file.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { FIXTURES, FULL, FULL_LOCAL, localText, parse } from './fixture.ts';

describe('loadConfig()', () => {
  it('reads a file and what it names', async () => {
    expect(await loadConfig(FULL_LOCAL)).toEqual(await parse(localText));
    expect((await loadConfig(FULL)).trust['release']?.authorities).toHaveLength(5);
  });

  it('reads each file once, at its limit, by its absolute path', async () => {
    const calls: [string, number][] = [];
    const readFile: ReadFile = async (path, maxBytes) => {
      calls.push([path, maxBytes]);
      if (path === 'countersign.yaml') return localText;
      throw Object.assign(new Error(`secret text of ${path}`), { code: 'EACCES' });
    };
    const failure = await loadConfig('countersign.yaml', readFile).catch((error: unknown) => error);
    expect(calls.map(([path]) => path)).toEqual([
      'countersign.yaml',
      `${process.cwd()}/release.pub`,
      `${process.cwd()}/second.pub`,
    ]);
    expect(calls[0]?.[1]).toBe(MAX_CONFIG_BYTES);
    expect(String(failure)).toContain('EACCES');
    expect(String(failure)).not.toContain('secret text');
  });

  it('names a config file that is not there', async () => {
    const failure = await loadConfig(`${FIXTURES}/absent.yaml`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CountersignError);
    expect(failure).toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/absent\.yaml.*ENOENT.*COUNTERSIGN_CONFIG/),
    });
  });
});
