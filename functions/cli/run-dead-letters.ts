import { parseArgs } from 'node:util';
import { cleanLine, escapeJson } from '#shared/core/foreign-text.ts';
import type { TopicNames } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import type { PubsubCalls, PulledMessage } from '#shared/status/pubsub-calls.ts';
import { readDeadLetter } from '#shared/status/dead-letter.ts';
import { type CommandIo, type ExitCode, runCommand } from './run-command.ts';
import {
  createOrigins,
  findSubscription,
  isOnTopic,
  MAX_LETTERS,
  pullLetters,
  settleLetter,
} from './settle-letters.ts';
import { formatLetters, type LetterReport, letterToJson } from './show-letters.ts';

/** What the config names, opened. */
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
    // What is left is for the next run. Should this fail, it comes back when its lease ends.
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
    err(`No letter ${cleanLine(id)}: another run may be looking at it, for up to five minutes\n`);
  }
  if (more) err(`There may be more than ${MAX_LETTERS} letters: run it again\n`);
  const kept = reports.filter(({ fate }) => fate === 'kept').length;
  if (kept > 0) err(`${kept} of ${reports.length} letters could not be taken off (${verb})\n`);
  return kept > 0 || missing.length > 0 ? 1 : 0;
}

interface DeadLettersCommand {
  readonly verb: 'list' | 'replay' | 'drop';
  /** Topics the letters were on before, by full name or id; empty: any. */
  readonly topics: readonly string[];
  /** Message ids on the dead-letter topic; empty: any. */
  readonly ids: readonly string[];
  readonly subscription: string | undefined;
  readonly config: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const USAGE = `Usage: npm run dead-letters -- list|replay|drop [options]
  list    shows the letters, and leaves them where they are
  replay  publishes each on the topic it was on, then takes it off; safe to run twice
  drop    takes letters off: needs --id, --topic or --all
  --id ID              only this letter; may be repeated
  --topic TOPIC        only letters that were on this topic; may be repeated
  --all                drop every letter
  --subscription NAME  pull from this one, where the dead-letter topic has several
  --config FILE        the config file (default: COUNTERSIGN_CONFIG, or countersign.yaml)
  --dry-run            says what would be done
  --json               prints JSON
`;

const OPTIONS = {
  id: { type: 'string', multiple: true },
  topic: { type: 'string', multiple: true },
  all: { type: 'boolean', default: false },
  subscription: { type: 'string' },
  config: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** The command in `args`; undefined where it is none. */
function readDeadLettersCommand(args: string[]): DeadLettersCommand | undefined {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
    const { id: ids = [], topic: topics = [] } = values;
    const [verb, ...more] = positionals;
    if (more.length > 0 || (verb !== 'list' && verb !== 'replay' && verb !== 'drop')) return;
    const chosen = ids.length + topics.length > 0;
    // What is dropped is gone: no one does that by leaving an option out, or by giving two.
    if (verb === 'drop' ? values.all === chosen : values.all) return;
    return {
      verb,
      topics,
      ids,
      subscription: values.subscription,
      config: values.config,
      dryRun: values['dry-run'],
      json: values.json,
    };
  } catch {
    return undefined;
  }
}
