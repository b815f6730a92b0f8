import { Option } from 'commander';

/** What is printed. */
export const FORMATS = ['table', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of every verb, before or after its name. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  new Option('--url <url>', 'the API (COUNTERSIGN_URL; default: the local world)'),
  new Option('--token <token>', 'ID token for the API; safer in COUNTERSIGN_TOKEN'),
  new Option(
    '--token-command <command>',
    'prints an ID token; run again when that expires (COUNTERSIGN_TOKEN_COMMAND)',
  ),
  new Option('-o, --output <format>', 'what is printed').choices(FORMATS).default('table'),
  new Option('--json', 'the same as -o json').implies({ output: 'json' }).hideHelp(),
  new Option('-q, --quiet', 'no progress, only results and failures'),
];

export interface GlobalOptions {
  readonly url?: string;
  readonly token?: string;
  readonly tokenCommand?: string;
  readonly output: Format;
  readonly quiet?: boolean;
}
