import type { Entry } from '#shared/history/history.ts';
import { placeOf, valueOf } from '#shared/history/schema.ts';
import { encodeEvent, type TopicMessage } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { startHistory } from './functions.ts';
import type { Journal } from './journal.ts';
import type { Verdicts } from './oracle/violations.ts';
import type { Random } from './random.ts';
import type { Clock } from './sim/clock.ts';
import type { FaultRates } from './sim/faults.ts';
import { createPool } from './sim/pool.ts';
import { createProcess } from './sim/process.ts';
import { createSimTopic } from './sim/pubsub.ts';

/** The status topic with the function `history` behind it, and what the broker knows that it has accepted. */
export interface Recorder {
  published(event: StatusEvent): void;
  /** The history is the broker's own list: each event once, in its place. */
  check(): Promise<void>;
}

const CHECK = '7 the history has every event once';
const INSTANCES = 2;
const EVERYTHING = { since: '', before: '~', limit: Infinity } as const;

export function createRecorder(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly rates: () => FaultRates;
  readonly verdicts: Verdicts;
}): Recorder {
  const { clock, random, journal, rates, verdicts } = deps;
  const history = createMemoryHistory().open();
  /** What was accepted, as entries would have it; what was published again under its id may differ in its time. */
  const accepted = new Map<string, string[]>();
  const pool = createPool({
    size: INSTANCES,
    random: random.fork('pool'),
    journal,
    start(generation) {
      const name = `history-${generation}`;
      const process = createProcess(name, { clock, journal, rates, random: random.fork(name) });
      return { process, handle: startHistory(process, history) };
    },
  });
  const topic = createSimTopic({
    name: 'status',
    clock,
    journal,
    rates,
    random: random.fork('topic'),
    deliver: (message) => pool.dispatch(message),
    onDeadLetter: ({ messageId }) => violate(`${messageId} is a dead letter`),
  });

  function violate(what: string): void {
    verdicts.violate(CHECK, what, ['world']);
  }

  /** What one look at the history has, against what it should have. */
  async function compare(
    by: Parameters<typeof history.list>[0]['by'],
    wanted: (entry: Entry) => boolean,
  ): Promise<void> {
    const found = await history.list({ by, ...EVERYTHING });
    const name = 'value' in by ? `${by.facet} ${by.value}` : by.facet;
    const places = found.map(placeOf);
    if (places.some((place, at) => at > 0 && place >= (places[at - 1] ?? ''))) {
      violate(`${name} is out of order`);
    }
    const known = new Set<string>();
    for (const entry of found) {
      if (known.has(entry.id)) violate(`${name} has ${entry.type} ${entry.id} twice`);
      known.add(entry.id);
      if (accepted.get(entry.id)?.includes(JSON.stringify(entry)) !== true) {
        violate(`${name} has ${entry.type} ${entry.id}, which was never published so`);
      }
    }
    for (const [id, [text = '']] of accepted) {
      const entry: Entry = JSON.parse(text);
      if (wanted(entry) !== known.has(id)) violate(`${name} has not ${entry.type} ${id} right`);
    }
    journal.count(`history: ${by.facet}`, found.length);
  }

  return {
    published(event) {
      const context = { source: '//countersign.dev/kubeconfig', now: new Date(clock.now()) };
      const message = encodeEvent(event, context);
      const text = JSON.stringify(entryOf(message));
      const { 'ce-id': id = '' } = message.attributes;
      accepted.set(id, [...(accepted.get(id) ?? []), text]);
      journal.count('history: accepted by the broker');
      topic.publish(message.data, { attributes: message.attributes });
    },
    async check() {
      const sweep = { facet: 'type', value: 'sweep.completed' } as const;
      await compare({ facet: 'time' }, ({ type }) => type !== sweep.value);
      await compare(sweep, ({ type }) => type === sweep.value);
      const entries = [...accepted.values()].map(([text = '']): Entry => JSON.parse(text));
      for (const facet of ['image', 'cluster'] as const) {
        const values = entries.flatMap((entry) => valueOf(entry, facet) ?? []);
        const value = random.pick(values);
        await compare({ facet, value }, (entry) => valueOf(entry, facet) === value);
      }
    },
  };
}

/** The entry that a message should become, read from it without the code that is tested. */
function entryOf({ attributes, data }: TopicMessage): Entry {
  return {
    id: attributes['ce-id'] ?? '',
    time: attributes['ce-time'] ?? '',
    type: attributes['type'] ?? '',
    severity: attributes['severity'] ?? '',
    publisher: attributes['ce-source'] ?? '',
    data: JSON.parse(Buffer.from(data).toString()),
  };
}
