import { afterEach, describe, expect, it, vi } from 'vitest';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { createCircuits } from '#shared/fleet/circuits.ts';
import { CIRCUIT_OPEN_MS, MAX_CIRCUIT_OPEN_MS } from '#shared/fleet/limits.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { connectTo } from './connect.ts';
import { sendJson, startScripted } from './scripted-server.ts';

const DEAD = new CountersignError('cluster-unreachable', 'Cluster "c1" cannot be reached');

/** Held: it passes when the test says so. */
const CALL_MS = 54_321;

/** A cluster that fails, or answers, as a test asks; and how often it was called. */
function createCluster(): { fails: Error | undefined; calls: number; call: () => Promise<string> } {
  const cluster = {
    // Widened: what it fails with is said later.
    fails: undefined as Error | undefined,
    calls: 0,
    async call() {
      cluster.calls += 1;
      if (cluster.fails !== undefined) throw cluster.fails;
      return 'answer';
    },
  };
  return cluster;
}

function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('createCircuits()', () => {
  it('spares a dead cluster, and repeats what it failed with', async () => {
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = DEAD;
    for (let call = 0; call < 3; call += 1) {
      await expect(circuits.run('c1', cluster.call)).rejects.toMatchObject({
        code: 'cluster-unreachable',
        message: DEAD.message,
        retry: true,
      });
    }
    expect(cluster.calls).toBe(1);
  });

  it('is not opened by a write: that may be slow by its object', async () => {
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = DEAD;
    for (let call = 0; call < 2; call += 1) {
      await expect(circuits.runWrite('c1', cluster.call)).rejects.toBe(DEAD);
    }
    cluster.fails = undefined;
    expect(await circuits.run('c1', cluster.call)).toBe('answer');
    expect(cluster.calls).toBe(3);
  });

  it('spares a dead cluster writes, too', async () => {
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = DEAD;
    await expect(circuits.run('c1', cluster.call)).rejects.toBe(DEAD);
    await expect(circuits.runWrite('c1', cluster.call)).rejects.toMatchObject({
      code: 'cluster-unreachable',
    });
    expect(cluster.calls).toBe(1);
  });

  it('spares no other cluster', async () => {
    const circuits = createCircuits();
    const [dead, healthy] = [createCluster(), createCluster()];
    dead.fails = DEAD;
    await expect(circuits.run('c1', dead.call)).rejects.toBe(DEAD);
    expect(await circuits.run('c2', healthy.call)).toBe('answer');
  });

  it('lets one call try it after a while, which the others wait for', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = DEAD;
    await expect(circuits.run('c1', cluster.call)).rejects.toBe(DEAD);
    pass(CIRCUIT_OPEN_MS - 1);
    await expect(circuits.run('c1', cluster.call)).rejects.toMatchObject({ cause: DEAD });
    pass(1);
    const probes = [1, 2, 3].map(() => circuits.run('c1', cluster.call));
    expect((await Promise.allSettled(probes)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect(cluster.calls).toBe(2);
  });

  it('is whole again after one call that came through', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = DEAD;
    await expect(circuits.run('c1', cluster.call)).rejects.toBe(DEAD);
    cluster.fails = undefined;
    pass(CIRCUIT_OPEN_MS);
    const calls = [1, 2, 3].map(() => circuits.run('c1', cluster.call));
    expect(await Promise.all(calls)).toEqual(['answer', 'answer', 'answer']);
  });

  it.each([
    ['as long as it asks for', 60_000, 60_000],
    ['never longer than a limit', 86_400_000, MAX_CIRCUIT_OPEN_MS],
  ])('leaves a busy cluster alone %s', async (_, retryAfterMs, openMs) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = new CountersignError('cluster-unreachable', 'busy', { retryAfterMs });
    await expect(circuits.run('c1', cluster.call)).rejects.toMatchObject({ retryAfterMs });
    cluster.fails = undefined;
    pass(openMs - 1);
    await expect(circuits.run('c1', cluster.call)).rejects.toMatchObject({ message: 'busy' });
    pass(1);
    expect(await circuits.run('c1', cluster.call)).toBe('answer');
  });

  it.each<FailureCode>([
    'cluster-conflict',
    'cluster-forbidden',
    'cluster-refused',
    'deadline-exceeded',
    'fleet-unavailable',
    'no-config-sync',
    'too-large',
  ])('stays whole after %s', async (code) => {
    const circuits = createCircuits();
    const cluster = createCluster();
    cluster.fails = new CountersignError(code, 'no');
    await expect(circuits.run('c1', cluster.call)).rejects.toMatchObject({ code });
    await expect(circuits.run('c1', cluster.call)).rejects.toMatchObject({ code });
    expect(cluster.calls).toBe(2);
  });
});

describe('the client of a dead cluster', () => {
  it('makes one attempt, within one deadline, and none while the circuit is open', async () => {
    const server = await startScripted(() => {});
    using deadline = holdTimers(CALL_MS);
    const api = await connectTo(server.url, { limits: { callMs: CALL_MS } });
    const unreachable = { code: 'cluster-unreachable' };
    const first = api.list('RootSync', { limit: 1 });
    await server.arrived(1);
    deadline.pass();
    await expect(first).rejects.toMatchObject(unreachable);
    await expect(api.list('RepoSync', { limit: 1 })).rejects.toMatchObject(unreachable);
    await expect(api.discover()).rejects.toMatchObject(unreachable);
    expect(server.seen).toHaveLength(1);
  });

  it('counts a call with its retries as one', async () => {
    const server = await startScripted((response, _, index) =>
      sendJson(response, index < 2 ? 503 : 200, { items: [] }),
    );
    const api = await connectTo(server.url);
    await api.list('RootSync', { limit: 1 });
    await api.list('RootSync', { limit: 1 });
    expect(server.seen).toHaveLength(4);
  });
});
