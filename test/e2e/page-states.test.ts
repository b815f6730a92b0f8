import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '#test/fixtures/browser.ts';
import { PAGE_STATES } from '#test/fixtures/page-states.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type ServedPage, servePage } from '#test/fixtures/serve-page.ts';

const WIDTHS = [
  [360, 780],
  [768, 1024],
  [1280, 900],
] as const;
const SCHEMES = ['light', 'dark'] as const;
/** What axe has in `cat.color`, and runs by itself. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];
/** `PICTURES=folder` has a picture of each; `WRITE_DOCS=1` renews those that the docs show. */
const PICTURES = process.env['PICTURES'];
const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const IN_DOCS: Readonly<Record<string, string>> = {
  'rollout-1280-light': 'page-1280.png',
  'unguarded-360-dark': 'page-360.png',
  'view-sync-1280-light': 'explain-1280.png',
};

let browser: Browser;
/** One for all views: what a width and a scheme change is the style's doing alone. */
let page: Page;

beforeAll(async () => {
  if (PICTURES !== undefined) mkdirSync(PICTURES, { recursive: true });
  browser = await startBrowser();
  page = await browser.newPage({ reducedMotion: 'reduce' });
});
afterAll(async () => {
  await browser?.close();
});

/**
 * By axe, which stays in the page once it is there. The page has no frames, which need more than legacy mode. A scheme
 * changes colours alone: in the second one no other rule can find what it did not find in the first.
 */
async function issuesOf(isThere: boolean, scheme: (typeof SCHEMES)[number]): Promise<string[]> {
  const axe = new AxeBuilder({ page, ...(isThere && { axeSource: 'true' }) }).setLegacyMode();
  if (scheme !== SCHEMES[0]) axe.withRules(OF_COLOURS);
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Whether anything is wider than the window. */
function overflows(): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}

/** What is wrong with a view in any width and scheme; takes its pictures. */
async function lookAt(name: string, served: ServedPage, path: string): Promise<string[]> {
  const wrong: string[] = [];
  await page.goto(`${served.url}${path}`);
  expect(page.frames()).toHaveLength(1);
  let isThere = false;
  for (const [width, height] of WIDTHS) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const shot = `${name}-${width}-${colorScheme}`;
      if (await overflows()) wrong.push(`${shot}: wider than the window`);
      for (const issue of await issuesOf(isThere, colorScheme)) wrong.push(`${shot}: ${issue}`);
      isThere = true;
      if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${shot}.png`) });
      const inDocs = process.env['WRITE_DOCS'] === undefined ? undefined : IN_DOCS[shot];
      if (inDocs !== undefined) await page.screenshot({ path: join(DOCS, inDocs) });
    }
  }
  return wrong;
}

describe('the first screen', () => {
  it.each(Object.entries(PAGE_STATES))(
    'fits, and has nothing that axe finds: %s',
    async (name, create) => {
      const served = await servePage(await create());
      const wrong = await lookAt(name, served, '/');
      await served.stop();
      expect(wrong).toEqual([]);
    },
  );
});

describe('each view', () => {
  let served: ServedPage;
  beforeAll(async () => {
    const create = PAGE_STATES['halted'];
    if (create === undefined) throw new Error('No such state');
    served = await servePage(await create());
  });
  afterAll(() => served?.stop());

  it.each([
    ['fleet', '/fleet'],
    ['fleet-nothing', '/fleet?search=nothing'],
    ['images', '/images'],
    ['image', `/image?image=${encodeURIComponent(IMAGE)}`],
    ['sync', '/explain?cluster=edge-005&sync=RootSync/root-sync'],
    ['rollouts', '/rollouts'],
    ['rollout-view', '/rollout?id=platform-v1-7-00000001'],
    ['freezes', '/freezes'],
    ['history', '/history'],
    ['help', '/help'],
    ['act', '/act?do=rollback&id=platform-v1-7-00000001'],
    ['act-freeze', '/act?do=freeze'],
    ['failure', '/fleet?phase=nothing'],
  ])('fits, and has nothing that axe finds: %s', async (name, path) => {
    expect(await lookAt(`view-${name}`, served, path)).toEqual([]);
  });
});
