import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { parseConfig } from '#shared/config/load-config.ts';
import { ConfigError, formatProblem } from '#shared/config/problem.ts';
import { readTextFile } from '#shared/config/read-file.ts';
import type { Block } from './markdown.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/config');
/** What a sample has beside it, by the ending of the name it gives it. */
const BESIDE: Readonly<Record<string, string>> = {
  '.pub': 'release.pub',
  '.pem': 'release.pub',
  '.json': 'trusted_root.json',
};

/** The least that is a config: samples that show a few keys are put into it. */
const WHOLE = {
  apiVersion: 'countersign.dev/v1',
  fleet: { kubeconfig: { path: './kubeconfig' } },
  images: [{ match: 'us-docker.pkg.dev/acme/configs/**', trust: 'open' }],
  trust: { open: { allowUnsigned: true } },
  topics: Object.fromEntries(
    ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'].map((name) => [
      name,
      `projects/p/topics/countersign-${name}`,
    ]),
  ),
  store: { sqlite: { path: 'store.sqlite' } },
};
const KEYS = new Set(Object.keys(buildJsonSchema().properties ?? {}));
const AUTHORITY = { name: 'release-key', key: { file: 'cosign.pub' } };

/** What `countersign config check` would report of a block with a config, or with some of its keys; undefined: it has none. */
export async function problemsOf(block: Block): Promise<readonly string[] | undefined> {
  const text = asConfig(block.text);
  if (text === undefined) return undefined;
  const file = join(FIXTURES, 'countersign.yaml');
  const readFile = (path: string, max: number): Promise<string> => readTextFile(beside(path), max);
  try {
    await parseConfig(text, { file, readFile });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => formatProblem(`${block.page}:${block.line}`, problem));
  }
}

function asConfig(text: string): string | undefined {
  const value: unknown = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('apiVersion' in value) return value.apiVersion === WHOLE.apiVersion ? text : undefined;
  const keys = Object.keys(value);
  if (keys.length === 0) return undefined;
  if (keys.every((key) => KEYS.has(key))) {
    const names = policiesOf(value);
    const trust = {
      ...WHOLE.trust,
      ...Object.fromEntries(names.map((name) => [name, WHOLE.trust.open])),
    };
    return stringify({ ...WHOLE, trust, ...value });
  }
  if (keys.every((key) => key === 'attestations')) {
    return stringify({ ...WHOLE, trust: { open: { authorities: [AUTHORITY], ...value } } });
  }
  return undefined;
}

/** Policies that a sample of `images` names and does not show. */
function policiesOf(value: object): readonly string[] {
  if (!('images' in value) || !Array.isArray(value.images)) return [];
  const images: readonly unknown[] = value.images;
  return images.flatMap((image) =>
    typeof image === 'object' &&
    image !== null &&
    'trust' in image &&
    typeof image.trust === 'string'
      ? [image.trust]
      : [],
  );
}

function beside(path: string): string {
  const ending = Object.keys(BESIDE).find((known) => path.endsWith(known));
  return ending === undefined ? path : join(FIXTURES, BESIDE[ending] ?? '');
}
