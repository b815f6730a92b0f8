import { Command, CommanderError } from 'commander';
import { ConfigError, formatProblem } from '#shared/config/problem.ts';
import { toFailure } from '#shared/core/errors.ts';
import { cleanLine } from '#shared/core/foreign-text.ts';
import { ApiFailure, openApi, openApiLater } from './api/call-api.ts';
import { targetOf } from './api/target.ts';
import { openToken, type RunCommand } from './api/token.ts';
import { GLOBAL_OPTIONS, type GlobalOptions } from './options.ts';
import { type ExitCode, printFailure, type Terminal } from './terminal.ts';
import { NOUNS, type Verb, type VerbDeps } from './verb.ts';
import { VERBS } from './verbs.ts';

/** What the process gives to the program. */
export interface ProgramDeps extends Omit<VerbDeps, 'api'> {
  readonly fetch: typeof fetch;
  readonly run: RunCommand;
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
  countersign status
  countersign explain cluster-1 RootSync/root-sync
  countersign wait us-docker.pkg.dev/acme/configs/platform:v1 --timeout 15m
  countersign rollout pause platform-v1-8-1a2b3c4d --reason INC-7
  countersign verify --local us-docker.pkg.dev/acme/configs/platform:v1 --config countersign.yaml
`;

/** Runs `countersign` with the arguments of a person or a pipeline. */
export async function runProgram(args: readonly string[], deps: ProgramDeps): Promise<ExitCode> {
  const { terminal } = deps;
  let code: ExitCode = 0;
  const program = createProgram(terminal, async (verb, given, options) => {
    const api = openApiLater(() => {
      const { url, ...credentials } = targetOf(options, deps.env);
      return openApi({ url, token: openToken(credentials, deps.run), fetch: deps.fetch });
    });
    const shown = { ...terminal, quiet: options.quiet ?? false };
    const named = { ...given, json: options.output === 'json' };
    code = await verb.run(named, { ...deps, api, terminal: shown });
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed it.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return sayFailure(error, terminal);
  }
}

type Act = (verb: Verb, given: object, options: GlobalOptions) => Promise<void>;

/**
 * Every verb as a command of commander. What is called is given to `act`, with its arguments and options by name.
 *
 * @example
 * const program = createProgram(terminal, async (verb, given) => verb.run(given, deps));
 */
export function createProgram({ out, err }: Pick<Terminal, 'out' | 'err'>, act: Act): Command {
  const program = new Command('countersign')
    .description('See, ask and re-run what Countersign does for a fleet')
    .addHelpText('after', MORE_HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: out, writeErr: err })
    .exitOverride();
  for (const option of GLOBAL_OPTIONS) program.addOption(option);
  const nouns = new Map(
    Object.entries(NOUNS).map(([name, about]) => [name, program.command(name).description(about)]),
  );
  for (const verb of VERBS) {
    const { name, noun = '', about, takes = [], options } = verb;
    const command = (nouns.get(noun) ?? program).command(name).description(about);
    for (const argument of takes) command.addArgument(argument);
    for (const option of options) command.addOption(option);
    command.action(() => {
      const values = takes.map((argument, at) => [argument.name(), command.processedArgs[at]]);
      const given = { ...command.opts(), ...Object.fromEntries(values) };
      return act(verb, given, program.opts<GlobalOptions>());
    });
  }
  return program;
}

/** Prints why there is no result: of a config file every problem, of anything else one line. */
function sayFailure(error: unknown, terminal: Pick<Terminal, 'err'>): ExitCode {
  if (error instanceof ConfigError) {
    const { file, problems } = error;
    for (const one of problems) terminal.err(`${cleanLine(formatProblem(file, one))}\n`);
    return 2;
  }
  return printFailure(terminal, error instanceof ApiFailure ? error : toFailure(error));
}
