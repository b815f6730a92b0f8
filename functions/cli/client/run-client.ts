import { cleanLine } from '#shared/core/foreign-text.ts';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { toFailure } from '#shared/core/errors.ts';
import type { ExitCode } from '../run-command.ts';
import {
  askResync,
  type ResyncArguments,
  showExplanation,
  showStatus,
  showVerdict,
} from './commands.ts';
import { awaitDigest } from './await-digest.ts';
import { type Api, ApiFailure, openApi, openToken, type RunCommand } from './call-api.ts';
import type { Terminal } from './terminal.ts';

export interface ClientDeps {
  readonly terminal: Terminal;
  readonly fetch: typeof fetch;
  readonly run: RunCommand;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

interface Shared {
  readonly url: string;
  readonly token?: string;
  readonly tokenCommand?: string;
  readonly json: boolean;
}

type StatusOptions = Shared & {
  readonly image?: string;
  readonly cluster?: string;
  readonly sync?: string;
  readonly phase?: string;
  readonly live: boolean;
};
type ResyncOptions = Shared & ResyncArguments & { readonly dryRun: boolean; readonly key?: string };
type WaitOptions = Shared & {
  readonly cluster?: string;
  readonly timeout: number;
  readonly grace: number;
};

const DEFAULT_WAIT_MS = 600_000;
/** A new RSync is found by the push of its image, or by the next sweep of its cluster. */
const DEFAULT_GRACE_MS = 120_000;
const MORE_HELP = `
Exit codes:
  0  done, verified, live, well     2  could not be checked, or bad input
  1  not                            3  timed out

Examples:
  export COUNTERSIGN_URL=https://countersign.example
  export COUNTERSIGN_TOKEN=$(gcloud auth print-identity-token --audiences=$COUNTERSIGN_URL \\
    --impersonate-service-account=pipeline@acme.iam.gserviceaccount.com --include-email)
  npx countersign status
  npx countersign explain cluster-1 RootSync/root-sync
  npx countersign wait us-docker.pkg.dev/acme/configs/platform:v1 --timeout 15m
`;
const DEFAULT_URL = 'http://127.0.0.1:8080';
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** The command `countersign`: people's and pipelines' way to the API. */
export async function runClient(args: readonly string[], deps: ClientDeps): Promise<ExitCode> {
  const { terminal } = deps;
  let code: ExitCode = 0;
  const open = ({ url, ...rest }: Shared): Api =>
    openApi({ url, token: openToken(rest, deps.run), fetch: deps.fetch });
  const program = new Command('countersign')
    .description('See, ask and re-run what Countersign does for a fleet')
    .addHelpText('after', MORE_HELP)
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride();

  addCommand(program, 'status', 'print the fleet as nomos status does; 1 unless all is well')
    .option('--image <image>', 'only what follows it')
    .option('--cluster <cluster>', 'only this cluster')
    .option('--sync <sync>', 'only RootSync/NAME, or RepoSync/NAMESPACE/NAME')
    .option('--phase <phase>', 'only this phase')
    .option('--live', 'ask the clusters, 50 at most, instead of the snapshot', false)
    .action(async (options: StatusOptions) => {
      const { image, cluster, sync, phase, live, json } = options;
      const query = { image, cluster, sync, phase, live: live ? 'true' : undefined };
      code = await showStatus({ query, json }, open(options), terminal);
    });

  addCommand(program, 'resync', 'have clusters looked at now; without options: all of them')
    .option('--image <image>', 'clusters that follow it')
    .option('--digest <digest>', 'with --image: approve it before the tag moves')
    .option('--cluster <cluster>', 'this cluster')
    .option('--sync <sync>', 'clusters that have it')
    .option('--reason <text>', 'for the record')
    .option('--key <key>', 'the same key stands for the same request')
    .option('--dry-run', 'say what would change, and change nothing', false)
    .action(async (options: ResyncOptions) => {
      const { json, dryRun, key, image, digest, cluster, sync, reason } = options;
      const about = { image, digest, cluster, sync, reason };
      code = await askResync(about, { dryRun, json, key }, open(options), terminal);
    });

  addCommand(program, 'wait', 'wait until a digest is live everywhere; fails when a cluster fails')
    .argument('<image>', 'IMAGE:TAG, IMAGE@DIGEST, CHART:VERSION or CHART@DIGEST')
    .option('--cluster <cluster>', 'only in this cluster')
    .addOption(
      new Option('--timeout <time>', 'such as 90s, 10m or 1h')
        .argParser(readTime)
        .default(DEFAULT_WAIT_MS, '10m'),
    )
    .addOption(
      new Option('--grace <time>', 'how long no RSync may follow it yet')
        .argParser(readTime)
        .default(DEFAULT_GRACE_MS, '2m'),
    )
    .action(async (image: string, options: WaitOptions) => {
      const { cluster, timeout: timeoutMs, grace: graceMs, json } = options;
      code = await awaitDigest(
        { image, cluster, timeoutMs, graceMs, json },
        { ...deps, api: open(options) },
      );
    });

  addCommand(program, 'explain', "why an RSync is, or is not, on its tag's digest")
    .argument('<cluster>')
    .argument('<sync>')
    .action(async (cluster: string, sync: string, options: Shared) => {
      code = await showExplanation({ cluster, sync, json: options.json }, open(options), terminal);
    });

  addCommand(program, 'verify', 'what an image is under its trust policy')
    .argument('<image>')
    .action(async (image: string, options: Shared) => {
      code = await showVerdict({ image, json: options.json }, open(options), terminal);
    });

  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(`${cleanLine(sayFailure(error))}\n`);
    return isLate(error) ? 3 : 2;
  }
}

function addCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option('--url <url>', 'the API').env('COUNTERSIGN_URL').default(DEFAULT_URL))
    .addOption(
      new Option('--token <token>', 'ID token for the API; safer in the environment').env(
        'COUNTERSIGN_TOKEN',
      ),
    )
    .addOption(
      new Option(
        '--token-command <command>',
        'prints an ID token; run again when that expires',
      ).env('COUNTERSIGN_TOKEN_COMMAND'),
    )
    .option('--json', 'print JSON', false);
}

function readTime(text: string): number {
  const [, number, unit = ''] = /^([1-9][0-9]{0,5})(s|m|h)$/.exec(text) ?? [];
  const size = UNITS[unit];
  if (number === undefined || size === undefined) {
    throw new InvalidArgumentError('Write a time such as 90s, 10m or 1h.');
  }
  return Number(number) * size;
}

function sayFailure(error: unknown): string {
  if (error instanceof ApiFailure) return `${error.message} (${error.code})`;
  const { message, code, cause } = toFailure(error);
  const shown = code === 'internal' && cause instanceof Error ? cause.message : message;
  return `${shown} (${code})`;
}

function isLate(error: unknown): boolean {
  return error instanceof ApiFailure && error.code === 'deadline-exceeded';
}
