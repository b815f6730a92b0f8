import { describe, expect, it } from 'vitest';
import {
  type Amendment,
  type RolloutRecord,
  amend,
  changeOf,
  noticeOf,
} from '#shared/core/rollout/record.ts';
import { type CommitDeps, type Decided, commit } from '#shared/rollouts/commit.ts';
import type { Seen } from '#shared/rollouts/notices.ts';
import type { Entry, Records } from '#shared/records/records.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { NOW, record, strategy } from '#test/fixtures/rollout.ts';

const RECORD = record();
const SEEN: Seen = { clusters: [], records: new Map(), strategy: strategy() };

interface World {
  readonly records: Records;
  readonly deps: CommitDeps;
  readonly events: StatusEvent[];
  readonly steps: string[];
}

async function createWorld(first: RolloutRecord | undefined = RECORD): Promise<World> {
  const memory = createMemoryRecords();
  const records = memory.open();
  if (first !== undefined) await records.replace(first, await records.read(first.image));
  const events: StatusEvent[] = [];
  const steps: string[] = [];
  const deps: CommitDeps = {
    now: () => NOW,
    publish: async (event) => {
      events.push(event);
      steps.push(event.type);
    },
    records: {
      ...records,
      replace: async (next, over) => {
        steps.push(`replace ${next.version}`);
        return records.replace(next, over);
      },
    },
  };
  return { records, deps, events, steps };
}

function pause({ record: found }: Entry): Decided | undefined {
  if (found === undefined || found.status === 'paused') return undefined;
  const paused = amend(found, { status: 'paused', cause: 'person' });
  return { changes: [changeOf(found, paused, [noticeOf(paused, 'paused')])], seen: SEEN };
}

describe('commit()', () => {
  it('publishes first, and then records', async () => {
    const { deps, steps, records } = await createWorld();
    const { record: found, changed } = await commit(RECORD.image, pause, deps);
    expect(changed).toBe(true);
    expect(steps).toEqual(['rollout.paused', 'replace 8']);
    expect((await records.read(RECORD.image)).record).toEqual(found);
    expect(found).toMatchObject({ version: 8, status: 'paused' });
  });

  it.each<[string, Amendment, string]>([
    ['has no room in a record', { startedBy: 'x'.repeat(70_000) }, 'too-large'],
    ['could not be read back', { openedAt: 'today' }, 'internal'],
  ])('publishes nothing that %s', async (_, changes, code) => {
    const { deps, steps } = await createWorld();
    const decided = ({ record: found = RECORD }: Entry): Decided => {
      const wrong = amend(found, changes);
      return { changes: [changeOf(found, wrong, [noticeOf(wrong, 'paused')])], seen: SEEN };
    };
    await expect(commit(RECORD.image, decided, deps)).rejects.toMatchObject({ code });
    expect(steps).toEqual([]);
  });

  it('records several changes at once, each with its events', async () => {
    const { deps, events, steps } = await createWorld();
    const decided = ({ record: found = RECORD }: Entry): Decided => {
      const halted = amend(found, { status: 'halted' });
      const first = changeOf(found, halted, [noticeOf(halted, 'halted')]);
      const paused = amend(first.record, { status: 'paused' });
      const second = changeOf(first.record, paused, [noticeOf(paused, 'paused')]);
      return { changes: [first, second], seen: SEEN };
    };
    await commit(RECORD.image, decided, deps);
    expect(steps).toEqual(['rollout.halted', 'rollout.paused', 'replace 9']);
    expect(events.map(({ data }) => data)).toMatchObject([{ version: 8 }, { version: 9 }]);
  });

  it('does nothing where nothing changes', async () => {
    const { deps, steps } = await createWorld();
    const same = ({ record: found = RECORD }: Entry): Decided => ({
      changes: [changeOf(found, found)],
      seen: SEEN,
    });
    expect(await commit(RECORD.image, same, deps)).toEqual({ record: RECORD, changed: false });
    expect(await commit(RECORD.image, () => undefined, deps)).toMatchObject({ changed: false });
    expect(await commit('r.example/none:v1', pause, deps)).toEqual({ changed: false });
    expect(steps).toEqual([]);
  });

  it('decides again over what another writer was faster with', async () => {
    const { deps, steps, records } = await createWorld();
    const before = await records.read(RECORD.image);
    await records.replace({ ...RECORD, version: 8, stage: 'early' }, before);
    const { record: found } = await commit(RECORD.image, pause, deps, before);
    expect(found).toMatchObject({ version: 9, stage: 'early', status: 'paused' });
    expect(steps).toEqual(['rollout.paused', 'replace 8', 'rollout.paused', 'replace 9']);
  });

  it('leaves it at what another writer made of it, where nothing is left to do', async () => {
    const { deps, steps, records } = await createWorld();
    const before = await records.read(RECORD.image);
    const other = { ...RECORD, version: 8, status: 'paused' } as const;
    await records.replace(other, before);
    const committed = await commit(RECORD.image, pause, deps, before);
    expect(committed).toEqual({ record: other, changed: false });
    expect(steps).toEqual(['rollout.paused', 'replace 8']);
  });

  it('gives up after five lost races, and a retry helps', async () => {
    const { deps, events, records } = await createWorld();
    const racing: CommitDeps = {
      ...deps,
      publish: async (event) => {
        await deps.publish(event);
        const entry = await records.read(RECORD.image);
        const { version } = entry.record ?? RECORD;
        await records.replace({ ...RECORD, version: version + 1 }, entry);
      },
    };
    const lost = commit(RECORD.image, pause, racing);
    await expect(lost).rejects.toMatchObject({ code: 'store-unavailable', retry: true });
    expect(events).toHaveLength(5);
  });

  it('records nothing that could not be published', async () => {
    const { deps, records } = await createWorld();
    const broken = { ...deps, publish: () => Promise.reject(new Error('No broker')) };
    await expect(commit(RECORD.image, pause, broken)).rejects.toThrow('No broker');
    expect((await records.read(RECORD.image)).record).toEqual(RECORD);
  });

  it('publishes again under the same ids what was not recorded', async () => {
    const { deps, events } = await createWorld();
    const killed = { ...deps.records, replace: () => Promise.reject(new Error('Killed')) };
    await expect(commit(RECORD.image, pause, { ...deps, records: killed })).rejects.toThrow(
      'Killed',
    );
    await commit(RECORD.image, pause, deps);
    const [first, second] = events.map(eventIdOf);
    expect(events).toHaveLength(2);
    expect(second).toBe(first);
  });
});
