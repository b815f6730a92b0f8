import { describe, expect, it } from 'vitest';
import { KubeError, updateStatus } from '#infra/local/config-sync/kube-client.ts';
import { readRSync, type RSync, type Status } from '#infra/local/config-sync/rsync.ts';

function rsync(status: Status, uid = 'u'): RSync {
  const metadata = { name: 'root-sync', namespace: 'n', uid, resourceVersion: '1', generation: 1 };
  return readRSync('RootSync', { metadata, spec: {}, status });
}

/** A cluster that answers puts with these, in order; undefined succeeds. */
function cluster(
  answers: (KubeError | undefined)[],
  found: RSync = rsync({ reconciler: 'other' }),
) {
  const puts: Status[] = [];
  const kube = {
    get: async () => found,
    async putStatus(_: RSync, status: Status) {
      puts.push(status);
      const refusal = answers.shift();
      if (refusal !== undefined) throw refusal;
      return rsync(status);
    },
  };
  return { kube, puts };
}

const conflict = new KubeError(409, 'modified');
const change = (status: Status): Status => ({ ...status, observedGeneration: 2 });

describe('updateStatus()', () => {
  it('writes what has changed, and gives what was written', async () => {
    const { kube, puts } = cluster([]);
    const written = await updateStatus(kube, rsync({ reconciler: 'mine' }), change);
    expect(puts).toEqual([{ reconciler: 'mine', observedGeneration: 2 }]);
    expect(written.status).toEqual(puts[0]);
  });

  it('writes nothing where only times would change', async () => {
    const { kube, puts } = cluster([]);
    const old = rsync({ source: { lastUpdate: '2026-11-22T05:00:00Z' } });
    await updateStatus(kube, old, () => ({ source: { lastUpdate: '2026-11-22T06:00:00Z' } }));
    expect(puts).toEqual([]);
  });

  it('makes the change again on what another has written meanwhile', async () => {
    const { kube, puts } = cluster([conflict]);
    await updateStatus(kube, rsync({ reconciler: 'mine' }), change);
    expect(puts.at(-1)).toEqual({ reconciler: 'other', observedGeneration: 2 });
  });

  it('gives up after five conflicts', async () => {
    const { kube, puts } = cluster(Array.from({ length: 9 }, () => conflict));
    await expect(updateStatus(kube, rsync({}), change)).rejects.toBe(conflict);
    expect(puts).toHaveLength(6);
  });

  it('writes nothing to an object that was created anew', async () => {
    const { kube, puts } = cluster([conflict], rsync({}, 'another'));
    await expect(updateStatus(kube, rsync({}), change)).rejects.toMatchObject({ code: 404 });
    expect(puts).toHaveLength(1);
  });
});
