import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { startBrowser } from '#test/fixtures/browser.ts';
import { type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 780 };
const PATIENCE_MS = 20_000;
/** `WRITE_DOCS=1` renews the pictures of the docs. */
const PICTURES =
  process.env['WRITE_DOCS'] === undefined
    ? mkdtempSync(join(tmpdir(), 'countersign-page-'))
    : fileURLToPath(new URL('../../docs', import.meta.url));

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
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${api}${path}`);
  return page;
}

async function seriousIssues(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Whether anything is wider than the window. */
function overflows(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
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
    const health = page.getByRole('status').first();
    expect(await health.textContent()).toContain('6 RSyncs on 3 clusters');

    // Filter.
    await page.getByLabel('Cluster').first().fill('cluster-2');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('region', { name: 'cluster-2' }).waitFor();
    expect(await page.getByRole('region').count()).toBe(1);

    // Explain.
    await page.getByRole('link', { name: sync }).click();
    const conclusion = page.locator('.conclusion');
    expect(await conclusion.textContent()).toContain('is not in the registry');
    const digest = await push(image, 'a: 1\n', true);

    // Dry run, then resync.
    await page.getByRole('button', { name: 'Dry run' }).click();
    const change = page.getByRole('listitem').filter({ hasText: `cluster-2 ${sync}` });
    expect(await change.textContent()).toContain('approve');
    await page.getByRole('button', { name: 'Resync 1 cluster' }).click();
    await page.getByText('1 cluster tasked').waitFor();

    // See it change.
    const cell = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: sync }) });
    const shows = async (phase: string): Promise<void> => {
      for (const deadline = performance.now() + PATIENCE_MS; ; ) {
        const text = (await cell.textContent()) ?? '';
        if (text.includes(phase) && text.includes(digest.slice(0, 19))) return;
        if (performance.now() > deadline) throw new Error(`Not ${phase}: ${text}`);
        if (!javaScriptEnabled) await page.reload();
        await sweep();
        await page.waitForTimeout(200);
      }
    };
    await shows('Synced');
    expect(await page.getByRole('region').count()).toBe(1);
    await page.context().close();
  });
});

describe('the page', () => {
  it.each([
    ['fleet, light', '/', 'light'],
    ['fleet, dark', '/', 'dark'],
    ['explanation, light', '/explain?cluster=cluster-1&sync=RootSync/root-sync', 'light'],
    ['explanation, dark', '/explain?cluster=cluster-1&sync=RootSync/root-sync', 'dark'],
    ['failure', '/?phase=nothing', 'light'],
  ] as const)('has nothing serious that axe finds: %s', async (_, path, colorScheme) => {
    const page = await open(path, { colorScheme });
    expect(await seriousIssues(page)).toEqual([]);
    await page.context().close();
  });

  it('has nothing serious that axe finds: dry run', async () => {
    const page = await open('/');
    await page.getByText('Choose what to look at').click();
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByRole('button', { name: 'Resync 3 clusters' }).waitFor();
    expect(await seriousIssues(page)).toEqual([]);
    await page.context().close();
  });

  it('separates what waits from what is well, in words and in numbers', async () => {
    await push('team-a', 'a: 2\n', false);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${api}/v1/resync`, { method: 'POST', headers, body: '{}' });
    const page = await open('/');
    await page.getByRole('link', { name: '3 Pending' }).click();
    await page.getByRole('link', { name: 'All clusters' }).waitFor();
    expect(await page.getByRole('link', { name: /^RepoSync/ }).count()).toBe(3);
    expect(await page.getByRole('link', { name: /^RootSync/ }).count()).toBe(0);
    expect(await page.getByText('Waiting for a signature').count()).toBeGreaterThan(0);
    await page.context().close();
  });

  it.each([
    ['1280', WIDE, 'light'],
    ['360', PHONE, 'dark'],
  ] as const)('fits into %s px, and is pictured', async (width, viewport, colorScheme) => {
    const page = await open('/', { viewport, colorScheme });
    expect(await overflows(page)).toBe(false);
    await page.screenshot({ path: join(PICTURES, `page-${width}.png`), fullPage: true });
    await page.goto(`${api}/explain?cluster=cluster-1&sync=RepoSync/team-a/repo-sync`);
    expect(await overflows(page)).toBe(false);
    await page.screenshot({ path: join(PICTURES, `explain-${width}.png`), fullPage: true });
    await page.context().close();
  });

  it('is walked with the keyboard alone', async () => {
    const page = await open('/');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    for (let tabs = 0; tabs < 12; tabs += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.name')) === 'cluster') break;
    }
    await page.keyboard.type('cluster-3');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'cluster-3' }).waitFor();
    expect(await page.getByRole('region').count()).toBe(1);
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
    await page.getByText('Updates by itself.').waitFor();
    expect([...hosts]).toEqual([new URL(api).host]);
    await page.goto(`${api}/explain?cluster=cluster-1&sync=RootSync/root-sync`);
    expect(await page.locator('#updates').textContent()).toBe('Reload to update.');
    expect(complaints).toEqual([]);
    await context.close();
  });
});
