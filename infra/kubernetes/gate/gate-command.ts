import { parseArgs } from 'node:util';
import { loadConfig } from '#shared/config/load-config.ts';
import { ConfigError, formatProblem } from '#shared/config/problem.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { readGateInput } from './gate-input.ts';
import { type GateMode, renderGate } from './render.ts';

export interface CommandStreams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const USAGE = `Usage: npm run gate --silent -- FILE [--mode warn|deny]
       prints the gate for a config file as YAML, for kubectl apply -f -
       warn: writes that would be refused are shown and audited; deny (default): they are refused
`;

/**
 * The command `npm run gate`: YAML on standard output, or nothing there and every problem on standard error. Returns its
 * status, 0: rendered, 2: the config or the command could not be used.
 */
export async function gateCommand(args: string[], streams: CommandStreams): Promise<0 | 2> {
  const command = readCommand(args);
  if (command === undefined) {
    streams.err(USAGE);
    return 2;
  }
  try {
    const config = await loadConfig(command.file);
    streams.out(renderGate(readGateInput(config), command.mode));
    return 0;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    streams.err(explain(command.file, error));
    return 2;
  }
}

function readCommand(args: string[]): { file: string; mode: GateMode } | undefined {
  try {
    const options = { mode: { type: 'string', default: 'deny' } } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const [file, ...more] = positionals;
    const { mode } = values;
    if (file === undefined || more.length > 0 || (mode !== 'warn' && mode !== 'deny'))
      return undefined;
    return { file, mode };
  } catch {
    return undefined;
  }
}

function explain(file: string, error: CountersignError): string {
  if (!(error instanceof ConfigError)) return `${error.message}\n`;
  return error.problems.map((problem) => `${formatProblem(file, problem)}\n`).join('');
}
