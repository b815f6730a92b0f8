import { Option } from 'commander';
import { COLOUR_CHOICES, type ColourChoice } from './output/colour.ts';
import { FORMATS, type Format } from './output/view.ts';
import { readTime } from './read-time.ts';

/** What `-o` takes. `nomos`: `status` as `nomos status` prints it. */
const OUTPUTS = [...FORMATS, 'nomos'] as const;

/** Of verbs whose result changes while a person looks at it. */
export const WATCH = new Option('-w, --watch [time]', 'look again and again, every 5s or as given')
  .argParser(readTime)
  .preset('5s');

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
  new Option('-o, --output <format>', 'what is printed; nomos: of status alone')
    .choices(OUTPUTS)
    .default('table'),
  new Option('--json', 'the same as -o json').implies({ output: 'json' }).hideHelp(),
  new Option('-q, --quiet', 'no progress and no tables: failures, and the exit code'),
  new Option('--color <when>', 'colours; auto: on a terminal, unless NO_COLOR is set')
    .choices(COLOUR_CHOICES)
    .default('auto'),
  new Option('--no-pager', 'write long results as they are, and not through PAGER'),
];

export interface GlobalOptions {
  readonly context?: string;
  readonly url?: string;
  readonly audience?: string;
  readonly token?: string;
  readonly tokenCommand?: string;
  readonly output: Format | 'nomos';
  readonly quiet?: boolean;
  readonly color: ColourChoice;
  readonly pager: boolean;
}
