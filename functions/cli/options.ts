import { Option } from 'commander';

/** What is printed. */
export const FORMATS = ['table', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of every verb, before or after its name. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  new Option('--context <name>', 'the API by its name (COUNTERSIGN_CONTEXT; context list)'),
  new Option(
    '--url <url>',
    'the API (COUNTERSIGN_URL; default: the context in use, or the local world)',
  ).conflicts('context'),
  new Option('--token <token>', 'ID token for the API; safer in COUNTERSIGN_TOKEN'),
  new Option(
    '--token-command <command>',
    'prints an ID token; run again when that expires (COUNTERSIGN_TOKEN_COMMAND)',
  ),
  new Option(
    '--audience <audience>',
    'whom a token of Google is made for (COUNTERSIGN_AUDIENCE; default: the URL)',
  ),
  new Option('-o, --output <format>', 'what is printed').choices(FORMATS).default('table'),
  new Option('--json', 'the same as -o json').implies({ output: 'json' }).hideHelp(),
  new Option('-q, --quiet', 'no progress, only results and failures'),
];

export interface GlobalOptions {
  readonly context?: string;
  readonly url?: string;
  readonly audience?: string;
  readonly token?: string;
  readonly tokenCommand?: string;
  readonly output: Format;
  readonly quiet?: boolean;
}
