import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import * as z from 'zod';

/** Loaded without its types: they would bring those of browsers into every file. */
const { parse } = z
  .object({
    parse: z.custom<(name: string, text: string) => Promise<unknown>>(
      (value) => typeof value === 'function',
    ),
  })
  .parse(createRequire(import.meta.url)('@cdktf/hcl2json'));

const FOLDER = join(import.meta.dirname, '../../infra/terraform');

const Body = z.record(z.string(), z.unknown());
const Blocks = z.array(Body);
/** Expressions are texts, `${…}`; literals are values. */
const File = z.object({
  variable: z.record(z.string(), Blocks).default({}),
  locals: Blocks.default([]),
  resource: z.record(z.string(), z.record(z.string(), Blocks)).default({}),
  data: z.record(z.string(), z.record(z.string(), Blocks)).default({}),
  output: z.record(z.string(), Blocks).default({}),
});

export interface Resource {
  /** `google_pubsub_topic.this`. */
  readonly address: string;
  readonly type: string;
  /** Of the file. */
  readonly file: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ModuleSource {
  readonly variables: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly locals: ReadonlyMap<string, unknown>;
  readonly resources: readonly Resource[];
  readonly data: readonly Resource[];
  /** The text of each file by its name. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The module's files in a folder, as they are written: nothing is evaluated. */
export async function readModule(folder = FOLDER): Promise<ModuleSource> {
  const variables = new Map<string, Readonly<Record<string, unknown>>>();
  const locals = new Map<string, unknown>();
  const resources: Resource[] = [];
  const data: Resource[] = [];
  const texts = new Map<string, string>();
  for (const path of globSync('*.tf', { cwd: folder }).toSorted()) {
    const text = readFileSync(join(folder, path), 'utf8');
    const file = basename(path);
    texts.set(file, text);
    const parsed = File.parse(await parse(path, text));
    for (const [name, [body = {}]] of Object.entries(parsed.variable)) variables.set(name, body);
    for (const group of parsed.locals) {
      for (const [name, value] of Object.entries(group)) locals.set(name, value);
    }
    resources.push(...resourcesOf(parsed.resource, file));
    data.push(...resourcesOf(parsed.data, file));
  }
  return { variables, locals, resources, data, texts };
}

function resourcesOf(
  types: Readonly<Record<string, Readonly<Record<string, readonly Resource['body'][]>>>>,
  file: string,
): readonly Resource[] {
  return Object.entries(types).flatMap(([type, names]) =>
    Object.entries(names).map(([name, [body = {}]]) => ({
      address: `${type}.${name}`,
      type,
      file,
      body,
    })),
  );
}

/** `${var.name}-tasks` with the defaults of the variables. */
export function withDefaults({ variables }: ModuleSource, text: unknown): string {
  return z
    .string()
    .parse(text)
    .replaceAll(/\$\{var\.(\w+)\}/g, (_, name: string) => {
      return z.string().parse(variables.get(name)?.['default']);
    });
}
