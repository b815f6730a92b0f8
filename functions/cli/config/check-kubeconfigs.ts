import type { Config } from '#shared/config/config.ts';
import type { Finding } from '#shared/config/problem.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type Loaded, loadKubeconfigs } from '#shared/fleet/kubeconfig/load.ts';
import { contextFaults } from '#shared/fleet/kubeconfig/read-context.ts';

/** What a config that is good by itself has against it where it is to be used. */
export interface Around {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

const AT = ['fleet', 'kubeconfig'] as const;

/**
 * Looks at the kubeconfigs of a fleet: contexts that are not there, and what of those that are is refused. Kubeconfigs
 * that are not here are where the functions run, and are a note.
 */
export async function checkKubeconfigs({ fleet }: Config): Promise<Around> {
  if (fleet.type !== 'kubeconfig') return { findings: [], notes: [] };
  const { path, contexts, labels } = fleet;
  let loaded: Loaded;
  try {
    loaded = await loadKubeconfigs(path);
  } catch (error) {
    return { findings: [], notes: [`${toFailure(error).message}: contexts are not checked`] };
  }
  const known = [...loaded.contexts.keys()];
  const fix = `Write one of ${known.join(', ')}, or add the context to ${path}`;
  const problem = 'Names no context of the kubeconfig';
  const places = [
    ...contexts.map((name, at) => ({ name, path: ['contexts', at] })),
    ...Object.keys(labels).map((name) => ({ name, path: ['labels', name] })),
  ];
  const absent = places
    .filter(({ name }) => !known.includes(name))
    .map((one): Finding => ({ path: [...AT, ...one.path], kind: 'bad-value', problem, fix }));
  const used = contexts.length === 0 ? known : contexts;
  return { findings: [...absent, ...used.flatMap((name) => unusable(name, loaded))], notes: [] };
}

function unusable(name: string, { contexts }: Loaded): readonly Finding[] {
  const config = contexts.get(name);
  if (config === undefined) return [];
  return contextFaults(config, name).map((fault) => {
    const [problem = '', fix = ''] = fault.split('; ');
    const place = `Has a context ${JSON.stringify(name)} that cannot be used: ${problem}`;
    const sentence = `${fix.slice(0, 1).toUpperCase()}${fix.slice(1)}`;
    return { path: [...AT, 'path'], kind: 'bad-value', problem: place, fix: sentence };
  });
}
