import { parseArgs } from 'node:util';

export interface DeadLettersCommand {
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

export const USAGE = `Usage: npm run dead-letters -- list|replay|drop [options]
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
export function readDeadLettersCommand(args: string[]): DeadLettersCommand | undefined {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
    const { id: ids = [], topic: topics = [] } = values;
    const [verb, ...more] = positionals;
    if (more.length > 0 || (verb !== 'list' && verb !== 'replay' && verb !== 'drop')) return;
    const chosen = ids.length + topics.length > 0;
    // What is dropped is gone: nobody does that by leaving something out, or by saying two things.
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
