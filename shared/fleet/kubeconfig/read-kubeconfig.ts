import { dirname } from 'node:path';
import { parse } from 'yaml';
import { CountersignError } from '#shared/core/errors.ts';
import { type Kubeconfig, kubeconfigSchema } from './schema.ts';

/**
 * Reads the text of the kubeconfig at `path`. Throws `bad-config` that names the file and the field, and never shows what
 * the file holds.
 *
 * @example
 * const { contexts } = readKubeconfig('/etc/countersign/kubeconfig', text);
 */
export function readKubeconfig(path: string, text: string): Kubeconfig {
  return toKubeconfig(path, dirname(path), parseYaml(text, path) ?? {});
}

/** The kubeconfig in `value`, whose paths are relative to `folder`. Throws as `readKubeconfig`. */
export function toKubeconfig(path: string, folder: string, value: unknown): Kubeconfig {
  const { data, error } = kubeconfigSchema.safeParse(value);
  if (error !== undefined) {
    const { path: place, message } = error.issues[0] ?? { path: [], message: '' };
    throw badFile(path, `has an unusable ${place.join('.') || 'form'}: ${message}`);
  }
  const { clusters, users, contexts } = data;
  return {
    clusters: named(path, 'clusters', clusters, (one) => ({ folder, value: one.cluster })),
    users: named(path, 'users', users, (one) => ({ folder, value: one.user })),
    contexts: named(path, 'contexts', contexts, ({ context }) => context),
    current: data['current-context'],
  };
}

/** Several files read as one, as of `KUBECONFIG`: of entries of one name the first wins, whole. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  return {
    clusters: firstOfEach(configs.map(({ clusters }) => clusters)),
    users: firstOfEach(configs.map(({ users }) => users)),
    contexts: firstOfEach(configs.map(({ contexts }) => contexts)),
    current: configs.find(({ current }) => current !== '')?.current ?? '',
  };
}

function firstOfEach<T>(maps: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> {
  const merged = new Map<string, T>();
  for (const [name, value] of maps.flatMap((map) => [...map])) {
    if (!merged.has(name)) merged.set(name, value);
  }
  return merged;
}

function named<Entry extends { readonly name: string }, Value>(
  path: string,
  list: string,
  entries: readonly Entry[] | null | undefined,
  valueOf: (entry: Entry) => Value,
): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const entry of entries ?? []) {
    const { name } = entry;
    if (found.has(name)) {
      throw badFile(path, `has ${JSON.stringify(name)} twice in ${list}; remove one of them`);
    }
    found.set(name, valueOf(entry));
  }
  return found;
}

/** As kubectl does, by YAML 1.1. */
function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text, { version: '1.1' });
  } catch {
    // The parser's message quotes the line it stopped at, which may contain a token; hence no cause either.
    throw badFile(path, 'is not YAML');
  }
}

/** The failure of a kubeconfig as a whole. */
export function badFile(path: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', `Kubeconfig ${path} ${problem}`, { cause });
}
