import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { CountersignError } from '#shared/core/errors.ts';
import { CIRCUIT_OPEN_MS, MAX_CIRCUITS, MAX_CIRCUIT_OPEN_MS } from './limits.ts';

/** A circuit for each cluster that has failed: a dead one costs one deadline, not one for each call. */
export interface Circuits {
  /**
   * Runs `call`, its retries included, unless the cluster failed lately: then its failure is thrown again, and the
   * cluster is spared. After a while one call tries it, and the others wait for what comes of that.
   */
  run<T>(cluster: string, call: () => Promise<T>): Promise<T>;
  /**
   * The same for a call whose failure is no sign of a dead cluster: a write may be slow, or end in 504, by the object
   * that it writes. It opens no circuit.
   */
  runWrite<T>(cluster: string, call: () => Promise<T>): Promise<T>;
}

/**
 * `openMs`: how long a cluster is left alone, unless its `Retry-After` asks for longer.
 *
 * @example
 * const circuits = createCircuits();
 * const page = await circuits.run('edge-1', () => api.list('RootSync', { limit: 500 }));
 */
export function createCircuits(openMs: number = CIRCUIT_OPEN_MS): Circuits {
  const circuits = new LRUCache<string, CircuitBreakerPolicy>({ max: MAX_CIRCUITS });

  async function runIn<T>(
    circuit: CircuitBreakerPolicy,
    cluster: string,
    call: () => Promise<T>,
  ): Promise<T> {
    try {
      return await circuit.execute(call);
    } catch (error) {
      if (isBrokenCircuitError(error)) throw repeatFailure(cluster, circuit);
      throw error;
    }
  }

  return {
    async run(cluster, call) {
      const circuit = circuits.get(cluster);
      if (circuit !== undefined) return runIn(circuit, cluster, call);
      try {
        return await call();
      } catch (error) {
        if (!isDead(error)) throw error;
        // Another call to it may have opened one meanwhile.
        const opened = circuits.get(cluster) ?? createCircuit(openMs);
        circuits.set(cluster, opened);
        return runIn(opened, cluster, async () => {
          throw error;
        });
      }
    },
    async runWrite(cluster, call) {
      const circuit = circuits.get(cluster);
      const isWhole = circuit === undefined || circuit.state === CircuitState.Closed;
      return isWhole ? call() : runIn(circuit, cluster, call);
    },
  };
}

function createCircuit(openMs: number): CircuitBreakerPolicy {
  return circuitBreaker(handleWhen(isDead), {
    // What is counted here has been repeated already, or took a whole deadline.
    breaker: new ConsecutiveBreaker(1),
    halfOpenAfter: new DelegateBackoff(({ result }) => {
      const error: unknown = 'error' in result ? result.error : undefined;
      const asked = error instanceof CountersignError ? error.retryAfterMs : undefined;
      return Math.min(MAX_CIRCUIT_OPEN_MS, Math.max(openMs, asked ?? 0));
    }),
  });
}

/** Silence, 5xx, or "later": the cluster's state. A quota is the fleet's, and a refusal is an answer. */
function isDead(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'cluster-unreachable' && error.retry;
}

function repeatFailure(cluster: string, circuit: CircuitBreakerPolicy): CountersignError {
  const { lastFailure } = circuit;
  const cause = lastFailure !== undefined && 'error' in lastFailure ? lastFailure.error : undefined;
  const silent = `Cluster ${JSON.stringify(cluster)} does not answer`;
  const message = cause instanceof CountersignError ? cause.message : silent;
  return new CountersignError('cluster-unreachable', message, { cause });
}
