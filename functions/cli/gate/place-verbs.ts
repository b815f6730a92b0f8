import { Option } from 'commander';
import type { GateMode } from '#infra/kubernetes/gate/render.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { CONFIG, type Configured, configPathOf } from '../config/config-file.ts';
import { limit } from '../limit.ts';
import { viewLines } from '../screens/lines.ts';
import { count, type ExitCode } from '../terminal.ts';
import type { Verb, VerbDeps } from '../verb.ts';
import type { PlacedCluster } from './place-gate.ts';

interface Asked extends Configured {
  readonly mode: GateMode;
  readonly kubeconfig?: string;
  readonly cluster?: readonly string[];
  readonly all?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** A fleet of 1,000 clusters takes some minutes of the sweep's share of calls. */
const TIMEOUT_MS = 900_000;

const WHERE: readonly Option[] = [
  CONFIG,
  new Option('--kubeconfig <file>', 'the clusters of this kubeconfig, and its credentials'),
  new Option('--cluster <cluster>', 'only this cluster; may be repeated').argParser<
    readonly string[] | undefined
  >((text, before) => [...(before ?? []), text]),
  new Option('--all', 'every cluster'),
  new Option('--mode <mode>', 'warn: what would be refused is shown and audited; deny: refused')
    .choices(['warn', 'deny'])
    .default('deny'),
  new Option('--force', 'take fields that another manager set, such as kubectl apply'),
];

/** The gate, put into clusters with the rights of the operator who types it: Countersign has none to do so. */
export const PLACE_VERBS: readonly Verb[] = [
  {
    name: 'apply',
    noun: 'gate',
    about: 'apply the gate to clusters; needs --cluster or --all, and rights on admission policies',
    kind: 'local',
    options: [...WHERE, new Option('--dry-run', 'have the API servers try it, and change nothing')],
    async run(given: Asked, deps) {
      const { dryRun = false } = given;
      const placed = await place(given, deps, dryRun);
      const { placedCode, placedLines } = await import('./show-placed.ts');
      deps.terminal.show(view(placed, placedLines(placed, dryRun)));
      return placedCode(placed, 'apply');
    },
  },
  {
    name: 'diff',
    noun: 'gate',
    about: 'what applying the gate would change, as diff -u; 1 where it would change anything',
    kind: 'local',
    options: WHERE,
    async run(given: Asked, deps): Promise<ExitCode> {
      const placed = await place(given, deps, true);
      const { diffLines, placedCode } = await import('./show-placed.ts');
      deps.terminal.show(view(placed, diffLines(placed)));
      return placedCode(placed, 'diff');
    },
  },
];

function view(placed: readonly PlacedCluster[], lines: readonly string[]) {
  const names = placed.map(({ cluster }) => cluster);
  return viewLines({ clusters: placed }, lines, names);
}

async function place(
  given: Asked,
  deps: VerbDeps,
  dryRun: boolean,
): Promise<readonly PlacedCluster[]> {
  const { mode, kubeconfig, force = false } = given;
  const path = configPathOf(given, deps);
  const rendered = await deps.heavy.renderGate(path, mode);
  const fleet = await deps.heavy.openObjects(path, kubeconfig);
  const { members, unreachable } = await fleet.list();
  const chosen = choose(members, given);
  if (given.all && unreachable.length > 0) {
    const message = `${unreachable.join(', ')} could not be listed: try again, or name clusters by --cluster`;
    throw new CountersignError('fleet-unavailable', message);
  }
  const { placeGate } = await import('./place-gate.ts');
  const late = `${count(chosen.length, 'cluster')} were not all done`;
  return limit(TIMEOUT_MS, late, () => placeGate(rendered, fleet, chosen, { force, dryRun }));
}

/** Throws `bad-request` for a cluster that there is not, and where none was chosen. */
function choose(members: readonly Member[], { cluster = [], all }: Asked): readonly Member[] {
  if (all) return members;
  if (cluster.length === 0) {
    const message = `Name clusters by --cluster, or write --all for the ${count(members.length, 'cluster')} that there are`;
    throw new CountersignError('bad-request', message);
  }
  return cluster.map((wanted) => {
    const found = members.filter(({ name, id }) => name === wanted || id === wanted);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    const problem = only === undefined ? 'is none of the fleet' : 'is the id of several';
    const known = members.slice(0, MAX_NAMED).map(({ id }) => id);
    const more = members.length > MAX_NAMED ? ` and ${members.length - MAX_NAMED} more` : '';
    throw new CountersignError(
      'bad-request',
      `--cluster ${wanted} ${problem}: there are ${known.join(', ')}${more}`,
    );
  });
}

const MAX_NAMED = 10;
