import { Command, CommanderError, Option } from 'commander';
import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type ExitCode, printFailure } from '../terminal.ts';
import { ApiFailure, openApi, openToken, type RunCommand } from './call-api.ts';
import type { Given, VerbDeps } from './commands.ts';
import { GROUPS } from './verb.ts';
import { VERBS } from './verbs.ts';

export interface ClientDeps extends Omit<VerbDeps, 'api'> {
  readonly fetch: typeof fetch;
  readonly run: RunCommand;
}

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
  npx countersign rollout pause platform-v1-8-1a2b3c4d --reason INC-7
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
  const groups = new Map(
    Object.entries(GROUPS).map(([name, about]) => [name, program.command(name).description(about)]),
  );
  for (const { name, group = '', about, takes = [], options, ...verb } of VERBS) {
    const command = (groups.get(group) ?? program).command(name).description(about);
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
