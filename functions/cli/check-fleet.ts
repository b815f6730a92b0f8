import { parseArgs } from 'node:util';
import { bulkhead } from 'cockatiel';
import { toFailure } from '#shared/core/errors.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { type PreflightClusterDeps, preflightCluster } from './preflight-cluster.ts';
import { clean, exitCodeOf, type FleetReport, formatReport } from './preflight-report.ts';

export interface PreflightDeps {
  /** Reads the config file and opens what it names. Throws `bad-config`, also where it says nothing of a gate. */
  readonly open: (file: string) => Promise<OpenedFleet>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

export interface OpenedFleet extends PreflightClusterDeps {
  readonly fleet: Pick<Fleet, 'list' | 'connect'>;
}

/** 0: nothing to refuse, 1: something, 2: could not be checked, or bad input, 3: timed out. */
export type ExitCode = 0 | 1 | 2 | 3;

const USAGE = 'Usage: npm run preflight -- FILE [--json]\n';

/** Clusters at once; the calls themselves are paced by the fleet's budget. */
const CLUSTERS_AT_ONCE = 16;

/** The command `npm run preflight`: what the gate would refuse today on standard output, cluster by cluster. */
export async function checkFleet(args: string[], deps: PreflightDeps): Promise<ExitCode> {
  const command = readCommand(args);
  if (command === undefined) {
    deps.err(USAGE);
    return 2;
  }
  const { promise: late, resolve: giveUp } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => giveUp(undefined), deps.timeoutMs);
  try {
    const report = await Promise.race([look(command.file, deps), late]);
    if (report === undefined) {
      deps.err(`The fleet was not looked through within ${deps.timeoutMs / 1000} s\n`);
      return 3;
    }
    deps.out(command.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    return exitCodeOf(report);
  } catch (error) {
    const { code, message, cause } = toFailure(error);
    const shown = code === 'internal' && cause instanceof Error ? cause.message : message;
    deps.err(`${clean(shown)} (${code})\n`);
    return code === 'deadline-exceeded' ? 3 : 2;
  } finally {
    clearTimeout(timer);
  }
}

async function look(file: string, { open }: PreflightDeps): Promise<FleetReport> {
  const opened = await open(file);
  const { members, unreachable } = await opened.fleet.list();
  const places = bulkhead(CLUSTERS_AT_ONCE, Infinity);
  const clusters = await Promise.all(
    members.map((member) => places.execute(() => preflightCluster(member, opened))),
  );
  return { clusters, unlisted: unreachable };
}

function readCommand(args: string[]): { file: string; json: boolean } | undefined {
  try {
    const options = { json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const [file, ...more] = positionals;
    return file === undefined || more.length > 0 ? undefined : { file, json: values.json };
  } catch {
    return undefined;
  }
}
