import { toFailure } from '#shared/core/errors.ts';
import type { Meter } from './metrics.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { Pace, Verb } from '#shared/fleet/pace.ts';

/** The pace, with every attempt of every call counted: these are what the budget of calls is spent on. */
export function countCalls(pace: Pace, meter: Meter): Pace {
  return {
    calls: pace.calls,
    run: (cluster, verb, call) =>
      pace.run(cluster, verb, () => {
        meter.record('cluster_calls', 1, { verb });
        return call();
      }),
  };
}

/** The fleet, with the calls counted that failed for good, by their code. */
export function countErrors(fleet: Fleet, meter: Meter): Fleet {
  return {
    list: () => fleet.list(),
    find: (cluster) => fleet.find(cluster),
    connect: async (member) => countApi(await fleet.connect(member), meter),
  };
}

function countApi(api: ClusterApi, meter: Meter): ClusterApi {
  async function counted<Result>(verb: Verb, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      meter.record('cluster_errors', 1, { code: toFailure(error).code, verb });
      throw error;
    }
  }
  return {
    cluster: api.cluster,
    list: (kind, page) => counted('list', () => api.list(kind, page)),
    get: (ref) => counted('get', () => api.get(ref)),
    patch: (ref, body, options) => counted('patch', () => api.patch(ref, body, options)),
    discover: () => counted('discover', () => api.discover()),
    describe: () => counted('discover', () => api.describe()),
  };
}
