import { describe, expect, it } from 'vitest';
import { type ListStreamsDeps, listStreams } from '#functions/sweep/list-streams.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { cluster, liveRow } from '#test/fixtures/tally.ts';
import { REPOSITORY, createTrackedWorld } from '#test/fixtures/tracked-world.ts';

/** Sweeps, a minute apart, of which each has the time of what hangs. Returns which repositories were ever listed. */
async function sweepAll(repositories: readonly string[]): Promise<ReadonlySet<string>> {
  const world = await createTrackedWorld();
  const rows = repositories.map((repository) =>
    liveRow({ image: `${repository}:versions`, tracked: { kind: 'image' } }),
  );
  const snapshot = { members: [], records: new Map([['a', cluster('a', rows)]]) };
  const listed = new Set<string>();
  const deps: ListStreamsDeps = {
    ...world.sweepDeps,
    listTags: async (repository) => {
      if (repository.includes('/hangs-')) {
        world.pass(45_000);
        throw new CountersignError('registry-unavailable', 'Registry did not answer in time');
      }
      listed.add(repository);
      return { complete: true };
    },
  };
  for (let minute = 0; minute < 30; minute += 1) {
    const begun = deps.now().getTime();
    await listStreams(snapshot, deps);
    world.pass(60_000 - (deps.now().getTime() - begun));
  }
  return listed;
}

const HANGING = Array.from({ length: 6 }, (_, at) => `us-docker.pkg.dev/acme/configs/hangs-${at}`);

describe('listing the versions of a fleet', () => {
  it('comes to each repository, although others never answer', async () => {
    expect(await sweepAll([...HANGING, REPOSITORY])).toEqual(new Set([REPOSITORY]));
  });
});
