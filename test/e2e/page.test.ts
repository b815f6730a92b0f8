import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { actByKeyboard, tabTo } from '#test/fixtures/keyboard.ts';
import { startBrowser } from '#test/fixtures/browser.ts';
import { type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';
import { PATIENCE, SELDOM } from '#test/patience.ts';

const WIDE = { width: 1280, height: 900 };

let browser: Browser;
let world: TestWorld;
let api: string;

beforeAll(async () => {
  [browser, world] = await Promise.all([startBrowser(), startTestWorld()]);
  api = world.functions.get('api')?.url ?? '';
  // Every event is lost from here on: what changes is a person's doing.
  await world.pubsub.deleteSubscription('gcr-push');
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  await page.goto(`${api}${path}`);
  return page;
}

async function push(name: string, content: string, signed: boolean): Promise<string> {
  const repository = openRepository(world.registry, `configs/${name}`);
  const image = await pushImage(repository, { file: 'a.yaml', content, tag: 'v1' });
  const key = await readPrivateKey(world.files.privateKey);
  if (signed) await signBundle({ repository, image, key });
  return image.digest;
}

const sweep = async () => {
  await fetch(world.functions.get('sweep')?.url ?? '', { method: 'POST' });
};

describe.each([
  ['with a script', true, 'RootSync/root-sync', 'platform'],
  ['without a script', false, 'RepoSync/team-a/repo-sync', 'team-a'],
])('the page %s', (_, javaScriptEnabled, sync, image) => {
  it('leads from the fleet to a resync, and shows what comes of it', async () => {
    const page = await open('/', { javaScriptEnabled });
    expect(await page.locator('#state').textContent()).toContain('6 RSyncs on 3 clusters');

    // Search.
    await page.getByLabel('Part of a cluster, RSync or image').fill('STER-2');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('2 found').waitFor();

    // Explain.
    await page.getByRole('link', { name: sync }).click();
    const conclusion = page.locator('.notice');
    expect(await conclusion.textContent()).toContain('is not in the registry');
    const digest = await push(image, 'a: 1\n', true);

    // Dry run, then resync.
    await page.getByRole('link', { name: 'Resync…' }).click();
    await page.getByLabel('Reason').fill('INC-7');
    await page.getByRole('button', { name: 'Dry run' }).click();
    const change = page.getByRole('row').filter({ hasText: `${sync} on cluster-2` });
    expect(await change.textContent()).toContain('approve');
    await page.getByRole('button', { name: 'Resync now' }).click();
    await page.getByText('Done: resync.').waitFor();

    // See it change.
    await page.goto(`${api}/fleet?cluster=cluster-2`);
    const cell = page.getByRole('row').filter({ has: page.getByRole('link', { name: sync }) });
    await vi.waitFor(async () => {
      await sweep();
      if (!javaScriptEnabled) await page.reload();
      const text = await cell.textContent();
      expect(text).toContain('Synced');
      expect(text).toContain(digest.slice(0, 19));
    }, SELDOM);
    await page.context().close();
  });

  it('lets a person freeze and lift with the keyboard alone', async () => {
    const page = await open('/freezes', { javaScriptEnabled });
    await actByKeyboard(page, { link: 'Freeze…', label: 'Freeze', reason: 'INC-7' });
    await actByKeyboard(page, { link: 'Lift…', label: 'Lift the freeze', reason: 'Over' });
    await page.getByText('Nothing is frozen.').waitFor();
    const { freezes } = JSON.parse(await (await fetch(`${api}/v1/freezes`)).text());
    expect(freezes).toEqual([]);
    await page.context().close();
  });
});

describe('the page', () => {
  it('separates what waits from what is well, in words and in numbers', async () => {
    await push('team-a', 'a: 2\n', false);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${api}/v1/resync`, { method: 'POST', headers, body: '{}' });
    const page = await open('/');
    await page.getByRole('link', { name: '3 Pending' }).first().click();
    await page.getByRole('link', { name: 'Show all' }).waitFor();
    expect(await page.getByRole('link', { name: /^RepoSync/ }).count()).toBe(3);
    expect(await page.getByRole('link', { name: /^RootSync/ }).count()).toBe(0);
    expect(await page.getByText('Waiting for a signature').count()).toBeGreaterThan(0);
    await page.context().close();
  });

  it('hears of a change by itself, and says at the top when it hears nothing', async () => {
    const page = await open('/');
    await page.getByText('Live.').waitFor();
    const before = await page.title();
    await push('platform', 'a: 3\n', false);
    await fetch(`${api}/v1/resync`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await page.locator('#updates', { hasText: 'Live: updated' }).waitFor();
    expect(before).toContain('Countersign');
    await page.context().close();
  });

  it('is walked with the keyboard alone', async () => {
    const page = await open('/');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.goto(`${api}/`);
    await tabTo(page, 'search');
    await page.keyboard.type('cluster-3');
    await page.keyboard.press('Enter');
    await page.getByText('2 found').waitFor();
    await page.context().close();
  });

  it('asks no host but this service, and breaks none of its own rules', async () => {
    const context = await browser.newContext({ viewport: WIDE });
    const page = await context.newPage();
    const hosts = new Set<string>();
    const complaints: string[] = [];
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${api}/`);
    await page.getByText('Live.').waitFor();
    for (const path of ['/fleet', '/images', '/rollouts', '/freezes', '/help', '/act?do=hold']) {
      await page.goto(`${api}${path}`);
    }
    await page.goto(`${api}/explain?cluster=cluster-1&sync=RootSync/root-sync`);
    expect([...hosts]).toEqual([new URL(api).host]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
