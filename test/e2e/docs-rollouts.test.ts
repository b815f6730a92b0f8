import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { listen } from '#shared/http/serve.ts';
import { type Desk, openDesk } from '#test/docs/desk.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import {
  createStagedApiWorld,
  moved,
  rollout,
  type StagedApiWorld,
} from '#test/fixtures/staged-api.ts';
import { OVERRIDER, asPerson } from '#test/fixtures/people.ts';

// The commands of docs/rollouts.md, and those of the runbook about freezes, as they stand, over the API of four clusters in three stages.

let desk: Desk;
let world: StagedApiWorld;
let env: Readonly<Record<string, string>>;
const answer = getRequestListener(async (request) => {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  const body = method === 'GET' ? null : await request.text();
  return world.request(`${pathname}${search}`, { method, headers, body });
});
const server = createServer((request, response) => void answer(request, response));

beforeAll(async () => {
  desk = await openDesk();
  world = await createStagedApiWorld({
    rows: { 'cluster-1': [moved()] },
    deps: { checkPerson: asPerson('lead@acme.example', OVERRIDER) },
  });
  world.verdicts.set(B, VERIFIED);
  const port = await listen(server, { port: 0, host: '127.0.0.1' });
  const CLUSTER = 'cluster-2';
  env = {
    COUNTERSIGN_URL: `http://127.0.0.1:${port}`,
    ID: rollout().id,
    IMAGE,
    CLUSTER,
    DIGEST: A,
    FREEZE: frozen().id,
  };
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await desk?.clear();
});

const ROLLING: Partial<RolloutRecord> = {};
const PAUSED = { status: 'paused', cause: 'person' } as const;
const HALTED = { status: 'halted', cause: 'failures' } as const;
const AWAITING = { status: 'awaiting-approval', cause: 'approval', stage: 'early' } as const;

describe('the commands of docs/rollouts.md', () => {
  it.each<[string, Partial<RolloutRecord>, RegExp]>([
    ['rollouts-list', ROLLING, /platform:v1 +rolling/],
    ['rollouts-show', ROLLING, /\ncanary +1 of 1 /],
    ['rollouts-plan', ROLLING, /rest/],
    // Its tag names what was completed before.
    ['rollouts-wait', ROLLING, /Stage canary passed/],
    ['rollouts-pause', ROLLING, /is paused/],
    ['rollouts-resume', PAUSED, /is rolling/],
    ['rollouts-abort', PAUSED, /is aborted/],
    ['rollouts-approve', AWAITING, /is awaiting-approval/],
    ['rollouts-rollback', ROLLING, /is rolling-back/],
    ['rollouts-retry', HALTED, /is rolling/],
    ['rollouts-start', ROLLING, /is rolling/],
    ['rollouts-promote', ROLLING, /is rolling/],
    ['rollouts-freeze', ROLLING, /Frozen, f-[0-9a-f]{8}: 4 RSyncs on 4 clusters/],
    ['rollouts-freeze-some', ROLLING, /Frozen, f-[0-9a-f]{8}: 3 RSyncs on 3 clusters/],
    ['rollouts-freezes', ROLLING, /f-1 +all +all .*\n.*is frozen/],
    ['runbook-freezes', ROLLING, /something is frozen/],
    ['rollouts-unfreeze', ROLLING, /Unfrozen, f-1/],
    ['rollouts-hold', ROLLING, /1 RSync of cluster-2 is held/],
    [
      'rollouts-holds',
      ROLLING,
      /cluster-2 +RootSync\/root-sync +ordered .* lead@acme\.example +INC-7/,
    ],
    ['rollouts-unhold', ROLLING, /1 RSync of cluster-2 is no longer held/],
  ])('%s', async (id, from, text) => {
    await world.put(rollout(from));
    world.freezes.set(JSON.stringify(/freeze/.test(id) ? [frozen()] : []));
    const done = await desk.run(id, { env });
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(text);
  });
});
