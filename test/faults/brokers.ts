import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import type { Task } from '#shared/core/task.ts';
import type { Message } from '#shared/http/envelope.ts';
import { type Surroundings, startCluster, startPush, startSweep } from './functions.ts';
import type { Journal } from './journal.ts';
import type { Verdicts } from './oracle/violations.ts';
import type { CallWatch } from './oracle/watch-calls.ts';
import type { Random } from './random.ts';
import type { Clock } from './sim/clock.ts';
import type { FaultRates } from './sim/faults.ts';
import { type Pool, createPool } from './sim/pool.ts';
import { type Process, createProcess } from './sim/process.ts';
import { createSimTopic } from './sim/pubsub.ts';

/** Pub/Sub between the functions, and the functions themselves. */
export interface Brokers {
  /** Artifact Registry publishes something; a publisher can send anything. */
  notify(data: string): void;
  publishTasks(topic: 'tasks' | 'sweep-tasks', tasks: readonly Task[]): void;
  sweep(): void;
  /** Deploys every function anew: nothing that was in memory stays. */
  redeploy(): void;
  /** Notifications that were not delivered by now never are: what is left to do is for the sweep. */
  silence(): void;
}

export interface BrokersDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly rates: () => FaultRates;
  readonly calls: CallWatch;
  readonly verdicts: Verdicts;
  readonly around: Omit<Surroundings, 'publishTasks'>;
  /** Runs each handler, so that what it does is known for its own. */
  /** The function in hand has published tasks. */
  readonly tasked?: () => void;
  readonly during?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Instances of each function; those of cluster do not know of each other. */
const INSTANCES = { push: 2, cluster: 3, sweep: 1 };

const TaskData = z.object({ cluster: z.string(), digest: z.string().optional() });

export function createBrokers(deps: BrokersDeps): Brokers {
  const { clock, random, journal, rates, calls, verdicts } = deps;
  const { during = (work) => work(), tasked = () => undefined } = deps;
  const around: Surroundings = { ...deps.around, publishTasks };

  function openPool(
    name: keyof typeof INSTANCES,
    start: (process: Process, around: Surroundings) => (message: Message) => Promise<void>,
  ): Pool {
    return createPool({
      size: INSTANCES[name],
      random: random.fork(`pool ${name}`),
      journal,
      start(generation) {
        const full = `${name}-${generation}`;
        const process = createProcess(full, { clock, journal, rates, random: random.fork(full) });
        return { process, handle: start(process, around) };
      },
    });
  }

  const push = openPool('push', startPush);
  const sweeps = openPool('sweep', startSweep);
  const cluster = openPool('cluster', (process, world) => {
    const handle = startCluster(process, world);
    return async (message) => {
      const { data } = TaskData.safeParse(JSON.parse(Buffer.from(message.data).toString()));
      const { cluster: name = '', digest } = data ?? {};
      // What a person asks for ahead is a look of its own, and tried again by its own message (docs/adr/0011).
      const ahead = digest !== undefined;
      const subject = `cluster ${name}`;
      const what = `${process.name} with ${message.messageId}`;
      journal.step(subject, `${what} begins`);
      try {
        await calls.during({ ...message, cluster: name, ahead }, () => handle(message));
        journal.step(subject, `${what} is done`);
      } catch (error) {
        const code = error instanceof CountersignError ? error.code : 'a bug';
        journal.step(subject, `${what} fails: ${code}`);
        // Law 5: an unreachable cluster is an answer, acknowledged; the next sweep is its retry.
        if (code === 'cluster-unreachable' && !ahead) {
          verdicts.violate('every handler ends as it should', `${what} fails: ${code}`, [subject]);
        }
        throw error;
      }
    };
  });

  /** An unforeseen failure is a bug, whatever a retry may make of it. */
  async function deliver(pool: Pool, message: Message): Promise<'ack' | 'nack'> {
    try {
      return await during(() => pool.dispatch(message));
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      verdicts.violate('every handler ends as it should', text, ['world']);
      return 'nack';
    }
  }

  const open = (name: string, pool: Pool) =>
    createSimTopic({
      name,
      clock,
      journal,
      rates,
      random: random.fork(`topic ${name}`),
      deliver: (message) => deliver(pool, message),
      onDeadLetter: ({ messageId }) => journal.step('world', `${messageId} is a dead letter`),
    });
  let silent = false;
  const unlessSilent: Pool = {
    ...push,
    dispatch: async (message) => (silent ? 'ack' : push.dispatch(message)),
  };
  const gcr = open('gcr', unlessSilent);
  const topics = { tasks: open('tasks', cluster), 'sweep-tasks': open('sweep-tasks', cluster) };

  function publishTasks(topic: keyof typeof topics, tasks: readonly Task[]): void {
    if (tasks.length > 0) tasked();
    for (const task of tasks) {
      topics[topic].publish(Buffer.from(JSON.stringify(task)), { orderingKey: task.cluster });
    }
  }

  let sweepSerial = 0;
  return {
    notify: (data) => gcr.publish(Buffer.from(data), { losable: true }),
    publishTasks,
    redeploy() {
      for (const pool of [push, cluster, sweeps]) pool.killAll();
    },
    silence() {
      silent = true;
    },
    sweep() {
      sweepSerial += 1;
      const publishTime = new Date(clock.now());
      const message = {
        messageId: `sweep-${sweepSerial}`,
        publishTime,
        attributes: {},
        data: Buffer.of(),
      };
      clock.stir();
      void deliver(sweeps, message);
    },
  };
}
