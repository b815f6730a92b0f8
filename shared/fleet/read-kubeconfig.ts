import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { CountersignError } from '#shared/core/errors.ts';
import { kubeconfigSchema } from './schema.ts';

export interface Kubeconfig {
  readonly path: string;
  /** As read: client-node takes the credentials from it. */
  readonly text: string;
  /** Names of its contexts, in order. */
  readonly contexts: readonly string[];
}

/** Reads the names of a kubeconfig's contexts. Throws `bad-config` that names the file. */
export async function readKubeconfig(path: string): Promise<Kubeconfig> {
  const text = await readText(path);
  const parsed = kubeconfigSchema.safeParse(parseYaml(text, path));
  if (!parsed.success) {
    const { path: place, message } = parsed.error.issues[0] ?? { path: [], message: '' };
    throw badConfig(path, `has an unusable ${place.join('.')}: ${message}`, parsed.error);
  }
  const names = (parsed.data.contexts ?? []).map(({ name }) => name);
  if (names.length === 0) throw badConfig(path, 'has no contexts');
  return { path, text, contexts: [...new Set(names)] };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw badConfig(path, 'cannot be read; check fleet.kubeconfig.path', error);
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser's message quotes the line it stopped at, which may hold a token.
    throw badConfig(path, 'is not YAML', error);
  }
}

function badConfig(path: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', `Kubeconfig ${path} ${problem}`, { cause });
}
