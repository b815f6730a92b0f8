import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, openDesk } from '#test/docs/desk.ts';
import { ROOT } from '#test/docs/markdown.ts';

const FIXTURES = join(ROOT, 'test/fixtures/config');

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  for (const file of ['release.pub', 'trusted_root.json']) {
    await copyFile(join(FIXTURES, file), join(desk.folder, file));
  }
  await copyFile(join(FIXTURES, 'full.yaml'), join(desk.folder, 'countersign.yaml'));
});
afterAll(() => desk?.clear());

describe('the commands of docs/config.md', () => {
  it('find nothing wrong with a good file, and everything with a bad one', async () => {
    const good = await desk.run('config-check');
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain('countersign.yaml: ok');
    const file = join(desk.folder, 'countersign.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('unmatched: deny', 'unmatched: maybe'));
    const bad = await desk.run('config-check');
    await writeFile(file, text);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/countersign\.yaml:\d+:\d+  unmatched  .*Fix: /);
  });

  it('print the schema', async () => {
    expect(await desk.run('config-schema')).toMatchObject({ code: 0 });
    const printed = await readFile(join(desk.folder, 'countersign.schema.json'), 'utf8');
    const committed = await readFile(join(ROOT, 'shared/config/countersign.schema.json'), 'utf8');
    expect(JSON.parse(printed)).toEqual(JSON.parse(committed));
  });
});

describe('the commands of docs/command.md', () => {
  it('keep contexts, and forget them', async () => {
    const home = join(desk.folder, 'settings');
    const env = { COUNTERSIGN_CONFIG_HOME: home };
    const { code, stdout } = await desk.run('command-contexts', { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\* +local +http:\/\/127\.0\.0\.1:8080\/$/m);
    const kept: unknown = JSON.parse(await readFile(join(home, 'contexts.json'), 'utf8'));
    expect(kept).toEqual({
      current: 'local',
      contexts: { local: { url: 'http://127.0.0.1:8080/' } },
    });
  });
});
