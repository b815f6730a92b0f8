import { escapeJson } from '#shared/core/foreign-text.ts';
import { parseArgs } from 'node:util';
import { bulkhead } from 'cockatiel';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { type PreflightClusterDeps, preflightCluster } from './preflight-cluster.ts';
import { exitCodeOf, type FleetReport, formatReport } from './preflight-report.ts';
import { type CommandIo, type ExitCode, runCommand } from './run-command.ts';

export interface PreflightDeps extends CommandIo {
  /** Reads the config file and opens what it names. Throws `bad-config`, also where it says nothing of a gate. */
  readonly open: (file: string) => Promise<OpenedFleet>;
}

export interface OpenedFleet extends PreflightClusterDeps {
  readonly fleet: Pick<Fleet, 'list' | 'connect'>;
}

const USAGE = 'Usage: npm run preflight -- FILE [--json]\n';

/** Clusters at once; the calls themselves are paced by the fleet's budget. */
const CLUSTERS_AT_ONCE = 16;

/**
 * The command `npm run preflight`: what the gate would refuse today on standard output, cluster by cluster. Exits 0
 * where that is nothing.
 */
export function checkFleet(args: string[], deps: PreflightDeps): Promise<ExitCode> {
  return runCommand(
    {
      command: readCommand(args),
      usage: USAGE,
      late: 'The fleet was not looked through',
      work: ({ file }) => look(file, deps),
      show(report, { json }) {
        deps.out(json ? `${escapeJson(JSON.stringify(report, null, 2))}\n` : formatReport(report));
        return exitCodeOf(report);
      },
    },
    deps,
  );
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
