import { Command, CommanderError } from 'commander';
import { addHelp } from './about/help.ts';
import { ConfigError, formatProblem } from '#shared/config/problem.ts';
import { toFailure } from '#shared/core/errors.ts';
import { cleanLine } from '#shared/core/foreign-text.ts';
import { type Api, ApiFailure, openApi, openApiLater } from './api/call-api.ts';
import { noteSent } from './api/note-sent.ts';
import { targetOf } from './api/target.ts';
import { openTokens, type TokenDeps } from './api/token.ts';
import { readContexts } from './context/contexts-file.ts';
import { type Written, readNames } from './names/read-names.ts';
import { sayFields } from './names/say-fields.ts';
import { suggest } from './names/suggest.ts';
import { GLOBAL_OPTIONS, type GlobalOptions, WATCH } from './options.ts';
import { runVerb } from './run-verb.ts';
import { type Console, type ExitCode, printFailure } from './terminal.ts';
import { NOUNS, type Verb, type VerbDeps } from './verb.ts';
import { VERBS } from './verbs.ts';

/** What the process gives to the program. */
export interface ProgramDeps
  extends Omit<VerbDeps, 'api' | 'options' | 'terminal'>,
    Omit<TokenDeps, 'idToken'> {
  readonly terminal: Console;
  readonly fetch: typeof fetch;
}

const MORE_HELP = `
Exit codes:
  0  done, verified, live, well     2  could not be checked, or bad input
  1  not                            3  timed out

Examples:
  countersign context add prod --url https://countersign.example \\
    --audience https://countersign-api.acme.internal   # access.api.audience of the config
  countersign status
  countersign explain cluster-1 root-sync
  countersign wait us-docker.pkg.dev/acme/configs/platform:v1 --timeout 15m
  countersign rollout pause platform-v1-8-1a2b3c4d --reason INC-7
  countersign verify --local us-docker.pkg.dev/acme/configs/platform:v1 --config countersign.yaml
`;

/** Runs `countersign` with the arguments of a person or a pipeline. */
export async function runProgram(args: readonly string[], deps: ProgramDeps): Promise<ExitCode> {
  const { terminal } = deps;
  let code: ExitCode = 0;
  const program = createProgram(terminal, async (verb, given, options) => {
    const api = openApiLater(async () => openTarget(verb, options, deps));
    try {
      const named = await readNames(given, asksApi(verb, given) ? api : undefined);
      code = await runVerb(verb, named, { ...deps, api, options });
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      throw await inOwnWords(error, { verb, given, api });
    }
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

/** `verify` is for both, and local where it is given what that takes. */
function asksApi({ kind }: Verb, { local, config }: Written): boolean {
  return kind === 'api' && local !== true && config === undefined;
}

/** What the API said no with, in the words of the command, and with what there is in place of what there is not. */
async function inOwnWords(
  failure: ApiFailure,
  asked: { readonly verb: Verb; readonly given: Written; readonly api: Api },
): Promise<ApiFailure> {
  const { status, code } = failure;
  const hint = await suggest(failure, asked, asked.api);
  const message = sayFields(failure.message, asked.verb);
  return new ApiFailure(status, code, hint === undefined ? message : `${message}: ${hint}`);
}

async function openTarget(
  { waits }: Verb,
  options: GlobalOptions,
  deps: ProgramDeps,
): Promise<Api> {
  const { heavy, folder, env, fetch, date, interrupts, sleep, terminal } = deps;
  const isNamed =
    options.url !== undefined || (env['COUNTERSIGN_URL'] && options.context === undefined);
  // A verb that needs no context does not fail on a file that cannot be read.
  const contexts = isNamed ? { contexts: {} } : await readContexts(folder);
  const { url, from, credentials } = targetOf(options, env, contexts);
  const tokens = openTokens(credentials, {
    ...deps,
    idToken: async (audience) => heavy.idToken(audience),
  });
  const pause = async (seconds: number): Promise<void> => {
    if (options.quiet !== true) terminal.err(`Asked too often: goes on in ${seconds} s\n`);
    await sleep(seconds * 1_000);
  };
  const asked = { url, from, tokens, fetch, date, ...(waits === true ? {} : { pause }) };
  return noteSent(openApi(asked), interrupts);
}

type Act = (verb: Verb, given: Written, options: GlobalOptions) => Promise<void>;

/**
 * Every verb as a command of commander. What is called is given to `act`, with its arguments and options by name.
 *
 * @example
 * const program = createProgram(terminal, async (verb, given) => verb.run(given, deps));
 */
export function createProgram({ out, err }: Pick<Console, 'out' | 'err'>, act: Act): Command {
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
    const { name, noun = '', about, takes = [], options, kind } = verb;
    const command = (nouns.get(noun) ?? program).command(name).description(about);
    // Verbs of one noun ask the same.
    (nouns.get(noun) ?? command).helpGroup(GROUPS[kind]);
    for (const argument of takes) command.addArgument(argument);
    const all = verb.watch === true ? [...options, WATCH] : options;
    for (const option of all) command.addOption(option);
    command.action(() => {
      const values = takes.map((argument, at) => [argument.name(), command.processedArgs[at]]);
      const given: Written = { ...command.opts(), ...Object.fromEntries(values) };
      return act(verb, given, program.opts<GlobalOptions>());
    });
  }
  addHelp(program, { out }).helpGroup(GROUPS.plain);
  return program;
}

/** What help lists verbs under. */
const GROUPS: Readonly<Record<Verb['kind'], string>> = {
  api: 'By the API:',
  local: 'On this machine, by the config file:',
  plain: 'Of the command itself:',
};

/** What the API says no with where it was asked well: the answer is no, and nothing is unknown. */
const NO: ReadonlySet<string> = new Set([
  'not-verified',
  'rollout-approved-before',
  'rollout-changed',
  'rollout-no-way-back',
  'rollout-not-now',
  'rollout-not-signed',
  'rollout-older',
  'rollout-open-already',
  'rollout-queues',
  'rollout-rejected',
  'rollout-same',
]);

/** Prints why there is no result: of a config file every problem, of anything else one line. */
function sayFailure(error: unknown, terminal: Pick<Console, 'err'>): ExitCode {
  if (error instanceof ConfigError) {
    const { file, problems } = error;
    for (const one of problems) terminal.err(`${cleanLine(formatProblem(file, one))}\n`);
    return 2;
  }
  const failure = error instanceof ApiFailure ? error : toFailure(error);
  const code = printFailure(terminal, failure);
  return NO.has(failure.code) ? 1 : code;
}
