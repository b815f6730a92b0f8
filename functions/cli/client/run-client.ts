import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type ExitCode, printFailure } from '../terminal.ts';
import { awaitDigest } from './await-digest.ts';
import { ApiFailure, openApi, openToken, type RunCommand } from './call-api.ts';
import {
  askResync,
  type Given,
  showExplanation,
  showStatus,
  showVerdict,
  type VerbDeps,
} from './commands.ts';

export interface ClientDeps extends Omit<VerbDeps, 'api'> {
  readonly fetch: typeof fetch;
  readonly run: RunCommand;
}

interface Verb {
  readonly name: string;
  readonly about: string;
  readonly takes?: readonly Argument[];
  readonly options: readonly Option[];
  /** Commander has seen to it that `given` has the arguments, and of options no others. */
  run(given: Given, deps: VerbDeps): Promise<ExitCode>;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

const VERBS: readonly Verb[] = [
  {
    name: 'status',
    about: 'print the fleet as nomos status does; 1 unless all is well',
    options: [
      new Option('--image <image>', 'only what follows it'),
      new Option('--cluster <cluster>', 'only this cluster'),
      new Option('--sync <sync>', 'only RootSync/NAME, or RepoSync/NAMESPACE/NAME'),
      new Option('--phase <phase>', 'only this phase'),
      new Option('--live', 'ask the clusters, 50 at most, instead of the snapshot'),
    ],
    run: showStatus,
  },
  {
    name: 'resync',
    about: 'have clusters looked at now; without options: all of them',
    options: [
      new Option('--image <image>', 'clusters that follow it'),
      new Option('--digest <digest>', 'with --image: approve it before the tag moves'),
      new Option('--cluster <cluster>', 'this cluster'),
      new Option('--sync <sync>', 'clusters that have it'),
      new Option('--reason <text>', 'for the record'),
      new Option('--key <key>', 'the same key stands for the same request'),
      new Option('--dry-run', 'say what would change, and change nothing'),
    ],
    run: askResync,
  },
  {
    name: 'wait',
    about: 'wait until a digest is live everywhere; fails when a cluster fails',
    takes: [new Argument('<image>', 'IMAGE:TAG, IMAGE@DIGEST, CHART:VERSION or CHART@DIGEST')],
    options: [
      new Option('--cluster <cluster>', 'only in this cluster'),
      timeOption('--timeout <time>', 'such as 90s, 10m or 1h', '10m'),
      // A new RSync is found by the push of its image, or by the next sweep of its cluster.
      timeOption('--grace <time>', 'how long no RSync may follow it yet', '2m'),
    ],
    run: awaitDigest,
  },
  {
    name: 'explain',
    about: "why an RSync is, or is not, on its tag's digest",
    takes: [new Argument('<cluster>'), new Argument('<sync>')],
    options: [],
    run: showExplanation,
  },
  {
    name: 'verify',
    about: 'what an image is under its trust policy',
    takes: [new Argument('<image>')],
    options: [],
    run: showVerdict,
  },
];

/** How to get to the API, and what to print: of every verb. */
const SHARED: readonly Option[] = [
  new Option('--url <url>', 'the API').env('COUNTERSIGN_URL').default('http://127.0.0.1:8080'),
  new Option('--token <token>', 'ID token for the API; safer in the environment').env(
    'COUNTERSIGN_TOKEN',
  ),
  new Option('--token-command <command>', 'prints an ID token; run again when that expires').env(
    'COUNTERSIGN_TOKEN_COMMAND',
  ),
  new Option('--json', 'print JSON').default(false),
];

interface Shared extends Given {
  readonly url: string;
  readonly token?: string;
  readonly tokenCommand?: string;
}

const MORE_HELP = `
Exit codes:
  0  done, verified, live, well     2  could not be checked, or bad input
  1  not                            3  timed out

Examples:
  export COUNTERSIGN_URL=https://countersign.example
  export AUDIENCE=https://countersign-api.acme.internal   # access.api.audience of the config
  export COUNTERSIGN_TOKEN=$(gcloud auth print-identity-token --audiences=$AUDIENCE \\
    --impersonate-service-account=pipeline@acme.iam.gserviceaccount.com --include-email)
  npx countersign status
  npx countersign explain cluster-1 RootSync/root-sync
  npx countersign wait us-docker.pkg.dev/acme/configs/platform:v1 --timeout 15m
`;

/** The command `countersign`: people's and pipelines' way to the API. */
export async function runClient(args: readonly string[], deps: ClientDeps): Promise<ExitCode> {
  const { terminal, fetch, run } = deps;
  let code: ExitCode = 0;
  const program = new Command('countersign')
    .description('See, ask and re-run what Countersign does for a fleet')
    .addHelpText('after', MORE_HELP)
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride();
  for (const { name, about, takes = [], options, ...verb } of VERBS) {
    const command = program.command(name).description(about);
    for (const argument of takes) command.addArgument(argument);
    for (const option of [...options, ...SHARED]) command.addOption(option);
    command.action(async () => {
      const { url, token, tokenCommand, ...rest } = command.opts<Shared>();
      const named = takes.map((argument, at) => [argument.name(), command.args[at]]);
      const readToken = openToken(defined({ token, tokenCommand }), run);
      const api = openApi({ url, token: readToken, fetch });
      code = await verb.run({ ...rest, ...Object.fromEntries(named) }, { ...deps, api });
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printFailure(terminal, error instanceof ApiFailure ? error : toFailure(error));
  }
}

function timeOption(flags: string, about: string, usual: string): Option {
  return new Option(flags, about).argParser(readTime).default(readTime(usual), usual);
}

/** In milliseconds. */
function readTime(text: string): number {
  const [, number, unit = ''] = /^([1-9][0-9]{0,5})(s|m|h)$/.exec(text) ?? [];
  const size = UNITS[unit];
  if (number === undefined || size === undefined) {
    throw new InvalidArgumentError('Write a time such as 90s, 10m or 1h.');
  }
  return Number(number) * size;
}
