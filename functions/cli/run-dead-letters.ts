import { cleanLine, escapeJson } from '#shared/core/foreign-text.ts';
import type { TopicNames } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import type { PubsubCalls, PulledMessage } from '#shared/status/pubsub-calls.ts';
import { readDeadLetter } from '#shared/status/dead-letter.ts';
import { type DeadLettersCommand, readDeadLettersCommand, USAGE } from './dead-letters-command.ts';
import { createOrigins, isOnTopic } from './letter-origin.ts';
import { findSubscription, MAX_LETTERS, pullLetters } from './pull-letters.ts';
import { type CommandIo, type ExitCode, runCommand } from './run-command.ts';
import { settleLetter } from './settle-letter.ts';
import { formatLetters, type LetterReport, letterToJson } from './show-letters.ts';

/** What the config says, opened. */
export interface DeadLetterOffice {
  readonly pubsub: PubsubCalls;
  readonly topics: TopicNames;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export interface DeadLettersDeps extends CommandIo {
  /** Reads the config at the path, or at its usual place. Throws `bad-config`. */
  readonly open: (configPath: string | undefined) => Promise<DeadLetterOffice>;
}

interface Outcome {
  readonly reports: readonly LetterReport[];
  readonly missing: readonly string[];
  /** There may be more than one run looks at. */
  readonly more: boolean;
}

/**
 * The command `npm run dead-letters`: letters on standard output, what went wrong on standard error. Run again after a
 * timeout it does no harm.
 */
export function runDeadLetters(args: string[], deps: DeadLettersDeps): Promise<ExitCode> {
  return runCommand(
    {
      command: readDeadLettersCommand(args),
      usage: USAGE,
      late: 'Not done',
      work: (command) => settleAll(command, deps),
      show: (outcome, command) => report(outcome, command, deps),
    },
    deps,
  );
}

async function settleAll(command: DeadLettersCommand, deps: DeadLettersDeps): Promise<Outcome> {
  const office = await deps.open(command.config);
  const { pubsub, topics } = office;
  const subscription = await chooseSubscription(command, office);
  const originOf = createOrigins(pubsub, topics);
  const pulled = new Map<string, PulledMessage>();
  const gone = new Set<string>();
  const reports: LetterReport[] = [];
  try {
    await pullLetters(office, subscription, pulled);
    for (const message of pulled.values()) {
      const letter = readDeadLetter(message);
      const origin = await originOf(letter);
      const chosen = command.ids.length === 0 || command.ids.includes(letter.id);
      if (!chosen || !isOnTopic(origin.topic, command.topics)) continue;
      const settled = await settleLetter(message, origin, { command, pubsub, subscription });
      if (settled.fate === 'replayed' || settled.fate === 'dropped') gone.add(message.ackId);
      reports.push({ letter, topic: origin.topic, ...settled });
    }
  } finally {
    // What is left belongs to whoever looks next. Should this fail, it comes back when its lease ends.
    const left = [...pulled.values()].map(({ ackId }) => ackId).filter((id) => !gone.has(id));
    await pubsub.lease(subscription, left, 0).catch(() => undefined);
  }
  const missing = command.ids.filter((id) => !pulled.has(id));
  return { reports, missing, more: pulled.size >= MAX_LETTERS };
}

async function chooseSubscription(
  { subscription }: DeadLettersCommand,
  { pubsub, topics }: DeadLetterOffice,
): Promise<string> {
  if (subscription === undefined) return findSubscription(pubsub, topics.deadLetters);
  const project = parsePubsubName(topics.deadLetters)?.project ?? '';
  const name = subscription.includes('/')
    ? subscription
    : `projects/${project}/subscriptions/${subscription}`;
  const facts = await pubsub.subscription(name);
  // Acknowledging there would lose what is waiting for a function.
  if (facts?.topic === topics.deadLetters && facts.pulled) return name;
  const message = `--subscription: ${name} is no subscription of ${topics.deadLetters} to pull from`;
  throw new CountersignError('bad-request', message);
}

function report(
  { reports, missing, more }: Outcome,
  { verb, json }: DeadLettersCommand,
  { out, err }: DeadLettersDeps,
): ExitCode {
  if (json) out(`${escapeJson(JSON.stringify(reports.map(letterToJson), null, 2))}\n`);
  else out(reports.length === 0 ? 'No dead letters\n' : formatLetters(reports));
  for (const id of missing) {
    err(`No letter ${cleanLine(id)}: somebody else may be looking at it, for up to five minutes\n`);
  }
  if (more) err(`There may be more than ${MAX_LETTERS} letters: run it again\n`);
  const kept = reports.filter(({ fate }) => fate === 'kept').length;
  if (kept > 0) err(`${kept} of ${reports.length} letters could not be taken off (${verb})\n`);
  return kept > 0 || missing.length > 0 ? 1 : 0;
}
