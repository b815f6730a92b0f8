import { describe, expect, it } from 'vitest';
import type { Entry } from '#shared/history/history.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { A, B, ROOT, createApiWorld } from '#test/fixtures/api-world.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

/** An event of the night; the world's clock begins at 06:00. */
function event(
  time: string,
  type: string,
  data: Readonly<Record<string, string>>,
  severity: Entry['severity'] = 'INFO',
): Entry {
  const at = `2026-11-22T${time}.000Z`;
  const about = { image: IMAGE, message: `Says ${type}`, ...data };
  return entryOf(`${time} ${type}`, { time: at, type, severity, data: about });
}

async function worldWithHistory() {
  const history = createMemoryHistory().open();
  for (const one of [
    event('01:00:00', 'image.verified', { digest: A, signer: 'ci@acme.example' }),
    event('03:10:00', 'image.untrusted', { digest: B }, 'ERROR'),
    event('03:20:00', 'rollout.paused', { actor: 'ops@acme.example', reason: 'INC-7' }),
    event('03:30:00', 'sync.failed', { cluster: 'cluster-1', sync: ROOT }),
    event('03:40:00', 'sync.failed', { cluster: 'cluster-1', sync: 'RepoSync/other/repo-sync' }),
  ]) {
    await history.add(one);
  }
  const world = createApiWorld({}, { kept: { history, days: 30 } });
  await world.sweep();
  return world;
}

describe('the history of the page', () => {
  it('says who did what, and why, with the last day at a glance', async () => {
    const world = await worldWithHistory();
    const text = await (await world.get('/history')).text();
    for (const shown of ['ops@acme.example', 'INC-7', 'rollout.paused', 'Says image.verified']) {
      expect(text).toContain(shown);
    }
    expect(text).toContain('5 events in the last 24 hours; 1 of them wrong; most from 03:00 on.');
  });

  it('is filtered, and says so of the day as well', async () => {
    const world = await worldWithHistory();
    const text = await (await world.get('/history?actor=ops@acme.example&type=rollout')).text();
    expect(text).toContain('1 event in the last 24 hours; 0 of them wrong');
    expect(text).not.toContain('Says image.verified');
    expect(text).toContain('<option value="rollout" selected>');
  });

  it('is of one RSync in its view', async () => {
    const world = await worldWithHistory();
    const text = await (await world.get(`/explain?cluster=cluster-1&sync=${ROOT}`)).text();
    expect(text.match(/Says sync.failed/g)).toHaveLength(1);
  });

  it('makes the digests of an image over time, with signer, verdict, and the way back', async () => {
    const world = await worldWithHistory();
    const text = await (await world.get(`/image?image=${encodeURIComponent(IMAGE)}`)).text();
    const rows = text.slice(text.indexOf('Digests over time')).split('<tr>').slice(2, 4);
    expect(rows[0]).toContain(B);
    expect(rows[0]).toContain('untrusted');
    expect(rows[1]).toContain(A);
    expect(rows[1]).toContain('ci@acme.example');
    expect(rows[1]).toContain('3 RSyncs');
  });

  it('is no failure of a view where it cannot be read', async () => {
    const memory = createMemoryHistory();
    const world = createApiWorld({}, { kept: { history: memory.open(), days: 30 } });
    await world.sweep();
    memory.fail();
    const answer = await world.get(`/explain?cluster=cluster-1&sync=${ROOT}`);
    expect(answer.status).toBe(200);
    expect((await world.get('/history')).status).toBe(503);
  });
});
