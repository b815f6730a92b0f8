import { CountersignError } from '#shared/core/errors.ts';
import { cleanLine } from '#shared/core/foreign-text.ts';
import { readDeadLetter } from '#shared/status/dead-letter.ts';
import type { PulledMessage } from '#shared/status/pubsub-calls.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import { limit } from '../limit.ts';
import { viewLetters } from '../screens/letters.ts';
import type { ExitCode, Terminal } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';
import type { LetterOffice } from './letter-office.ts';
import type { LetterReport } from './letter-report.ts';
import {
  createOrigins,
  findSubscription,
  isOnTopic,
  MAX_LETTERS,
  pullLetters,
  settleLetter,
} from './settle-letter.ts';
import { defined } from '#shared/core/defined.ts';

export interface Asked {
  /** Message ids on the dead-letter topic; empty: any. */
  readonly id?: readonly string[];
  /** Topics the letters were on before, by full name or id; empty: any. */
  readonly topic?: readonly string[];
  readonly all?: boolean;
  readonly subscription?: string;
  readonly dryRun?: boolean;
  /** In milliseconds. */
  readonly timeout: number;
}

export type LetterVerb = 'list' | 'replay' | 'drop';

/**
 * Letters on standard output, what went wrong on standard error; 1 where one was kept or is not there. Run again after a
 * timeout it does no harm.
 */
export async function settleLetters(
  verb: LetterVerb,
  asked: Asked,
  { terminal, open }: Pick<VerbDeps, 'terminal'> & { readonly open: () => Promise<LetterOffice> },
): Promise<ExitCode> {
  const { id = [], topic = [], dryRun = false, all, timeout } = asked;
  // What is dropped is gone: no one does that by leaving an option out, or by giving two.
  if (verb === 'drop' && (all ?? false) === id.length + topic.length > 0) {
    const message = 'Which letters are dropped: give --id, --topic, or --all alone';
    throw new CountersignError('bad-request', message);
  }
  const command = { verb, id, topic, dryRun, ...defined({ subscription: asked.subscription }) };
  const outcome = await limit(timeout, 'Not done', async () => settleAll(command, await open()));
  return report(outcome, verb, terminal);
}

interface Command {
  readonly verb: LetterVerb;
  readonly id: readonly string[];
  readonly topic: readonly string[];
  readonly dryRun: boolean;
  readonly subscription?: string;
}

type Outcome = Awaited<ReturnType<typeof settleAll>>;

async function settleAll(command: Command, office: LetterOffice) {
  const { pubsub, config } = office;
  const subscription = await chooseSubscription(command, office);
  const originOf = createOrigins(pubsub, config);
  const pulled = new Map<string, PulledMessage>();
  const gone = new Set<string>();
  const reports: LetterReport[] = [];
  try {
    await pullLetters(office, subscription, pulled);
    for (const message of pulled.values()) {
      const letter = readDeadLetter(message);
      const origin = await originOf(letter);
      const chosen = command.id.length === 0 || command.id.includes(letter.id);
      if (!chosen || !isOnTopic(origin.topic, command.topic)) continue;
      const acknowledge = (): Promise<void> => pubsub.acknowledge(subscription, [message.ackId]);
      const publish = (topic: string): Promise<unknown> => pubsub.publish(topic, letter.original);
      const settled = await settleLetter(command, origin, { publish, acknowledge });
      if (settled.fate === 'replayed' || settled.fate === 'dropped') gone.add(message.ackId);
      reports.push({ letter, topic: origin.topic, ...settled });
    }
  } finally {
    // What is left is for the next run. Should this fail, it comes back when its lease ends.
    const left = [...pulled.values()].map(({ ackId }) => ackId).filter((id) => !gone.has(id));
    await pubsub.lease(subscription, left, 0).catch(() => undefined);
  }
  const missing = command.id.filter((id) => !pulled.has(id));
  // There may be more than one run looks at.
  return { reports, missing, more: pulled.size >= MAX_LETTERS };
}

async function chooseSubscription(
  { subscription }: Command,
  { pubsub, config: { topics } }: LetterOffice,
): Promise<string> {
  if (subscription === undefined) return findSubscription(pubsub, topics.deadLetters);
  const project = parsePubsubName(topics.deadLetters)?.project ?? '';
  const name = subscription.includes('/')
    ? subscription
    : `projects/${project}/subscriptions/${subscription}`;
  const facts = await pubsub.subscription(name);
  // Acknowledging there would lose what is waiting for a function.
  if (facts?.topic === topics.deadLetters && facts.pulled) return name;
  const message = `--subscription: ${name} is not a subscription of ${topics.deadLetters} to pull from`;
  throw new CountersignError('bad-request', message);
}

function report(
  { reports, missing, more }: Outcome,
  verb: LetterVerb,
  terminal: Terminal,
): ExitCode {
  terminal.show(viewLetters(reports));
  const kept = reports.filter(({ fate }) => fate === 'kept').length;
  const problems = [
    ...missing.map(
      (id) => `No letter ${id}: another run may be looking at it, for up to five minutes`,
    ),
    ...(more ? [`There may be more than ${MAX_LETTERS} letters: run it again`] : []),
    ...(kept > 0 ? [`${kept} of ${reports.length} letters could not be taken off (${verb})`] : []),
  ];
  for (const problem of problems) terminal.err(`${cleanLine(problem)}\n`);
  return kept > 0 || missing.length > 0 ? 1 : 0;
}
