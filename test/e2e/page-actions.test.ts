import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '#test/fixtures/browser.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { actByKeyboard } from '#test/fixtures/keyboard.ts';
import { PAGE_STATES } from '#test/fixtures/page-states.ts';
import { OVERRIDER, asPerson } from '#test/fixtures/people.ts';
import { servePage } from '#test/fixtures/serve-page.ts';
import { PATIENCE } from '#test/patience.ts';

const SYNC = '/explain?cluster=edge-005&sync=RootSync/root-sync';

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
});

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('%s, by keyboard alone', (_, javaScriptEnabled) => {
  it.each([
    ['pause', 'rollout', '/', 'Pause…', 'Pause', 'rollout.paused'],
    ['abort', 'rollout', '/', 'Abort…', 'Abort', 'rollout.aborted'],
    ['promote', 'rollout', '/', 'Promote…', 'Promote', 'rollout.promoted'],
    ['approve', 'approval', '/', 'Approve…', 'Approve', 'rollout.approved'],
    ['resume', 'halted', '/', 'Resume…', 'Resume', 'rollout.resumed'],
    ['roll back', 'halted', '/', 'Roll back…', 'Roll back', 'rollout.rolling-back'],
    ['retry', 'halted', '/rollouts', 'Retry…', 'Retry', 'rollout.started'],
    ['freeze', 'well', '/', 'Freeze…', 'Freeze', 'freeze.started'],
    ['lift a freeze', 'frozen', '/', 'Lift…', 'Lift the freeze', 'freeze.ended'],
    ['hold', 'well', SYNC, 'Hold…', 'Hold', 'rollout.held'],
    ['resync', 'well', SYNC, 'Resync…', 'Resync', 'resync.requested'],
  ] as const)('a person can %s', async (__, state, path, link, label, event) => {
    const create = PAGE_STATES[state];
    if (create === undefined) throw new Error('No such state');
    const world = await create({ checkPerson: asPerson('lead@acme.example', OVERRIDER) });
    for (const digest of [A, B]) world.verdicts.set(digest, VERIFIED);
    const served = await servePage(world);
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE.timeout);
    await page.goto(`${served.url}${path}`);
    await actByKeyboard(page, { link, label, reason: 'INC-7' });
    expect(world.types()).toContain(event);
    await context.close();
    await served.stop();
  });
});
