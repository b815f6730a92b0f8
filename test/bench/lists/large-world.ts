import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteHistory } from '#shared/history/sqlite-history.ts';
import { NO_TROUBLES } from '#shared/overview/present-row.ts';
import { createTally } from '#shared/overview/tally-fleet.ts';
import { type ApiWorld, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { hugeFleet } from '#test/fixtures/huge-fleet.ts';

/** A cluster that answers. */
export const ASKED = 'projects/acme/locations/global/memberships/edge-00105';
const DAYS = 400;
/** Of each cluster. */
const EVENTS_A_CLUSTER = 2;
const TYPES = ['sync.approved', 'sync.synced', 'sync.failed', 'cluster.unreachable', 'hold.set'];
const ACTORS = 50;
const TEAMS = 60;

/** The API over a large fleet that a sweep has counted, and its history. */
export interface LargeWorld {
  readonly world: ApiWorld;
  readonly close: () => Promise<void>;
}

export async function openLargeWorld(clusters: number): Promise<LargeWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-lists-'));
  const { records, labels } = hugeFleet(clusters);
  const members = [...labels].map(([name, of]) => ({ name, id: name, labels: of }));
  const byName = new Map(members.map((member) => [member.name, member]));
  const history = openSqliteHistory({
    path: join(folder, 'history'),
    days: DAYS,
    now: () => world.deps.now(),
  });
  const world: ApiWorld = createApiWorld(
    // The one that is asked itself.
    { clusters: { [ASKED]: [liveRSync()] } },
    {
      fleet: {
        list: async () => ({ members, unreachable: [] }),
        find: async (name) => byName.get(name),
        connect: (member) => world.clusters.fleet.connect(member),
      },
      kept: { history, days: DAYS },
    },
  );
  const now = world.deps.now();
  const tally = createTally({ troubles: NO_TROUBLES, labels, now });
  for (const record of records()) {
    tally.add(record);
    const images = record.syncs.flatMap(({ image }) => image ?? []);
    const follows = images.map((image) => image.slice(0, image.lastIndexOf(':')));
    await world.deps.store.writeCluster({ ...record, follows });
  }
  await world.deps.store.writeNote('tally', 'fleet', tally.done());
  await world.deps.store.writeNote('sweep', 'fleet', { startedAt: now.toISOString(), tasked: {} });
  const began = now.getTime() - 20 * 24 * 3_600_000;
  for (let at = 0; at < clusters * EVENTS_A_CLUSTER; at += 1) {
    const cluster = members[at % clusters]?.name ?? '';
    const image = `us-docker.pkg.dev/acme/configs/team-${at % TEAMS}:v${at % 3}`;
    const actor = `person-${at % ACTORS}@acme.example`;
    const data = { image, cluster, sync: 'RootSync/root-sync', actor, message: `Event ${at}` };
    const time = new Date(began + at * 10_000).toISOString();
    await history.add(entryOf(`event ${at}`, { time, type: TYPES[at % TYPES.length] ?? '', data }));
  }
  return {
    world,
    async close() {
      await history.close();
      await world.deps.store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
