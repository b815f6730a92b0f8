import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Google's published description of its APIs: which methods there are, and what their bodies hold.

/** A JSON schema of Google's, as far as bodies are checked. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly readOnly?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

interface Described {
  readonly id: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly parameters?: Readonly<Record<string, { readonly pattern?: string }>>;
  readonly request?: { readonly $ref: string };
}

interface Resources {
  readonly methods?: Readonly<Record<string, Described>>;
  readonly resources?: Readonly<Record<string, Resources>>;
}

interface Document extends Resources {
  readonly title: string;
  readonly rootUrl: string;
  readonly servicePath: string;
  readonly schemas: Readonly<Record<string, Schema>>;
}

export interface Method {
  /** `pubsub.projects.topics.publish`, as Google names it. */
  readonly id: string;
  /** What stands for the resource in the path: `projects/p/topics/t`. */
  readonly name: string;
  /** Of its API, and what it is enabled as. */
  readonly title: string;
  readonly service: string;
  /** What Google would say of these; empty: nothing. */
  problems(query: URLSearchParams, body: unknown): readonly string[];
}

export interface Discovery {
  /** The method that a request is for; undefined: there is none. `path` has no query, and is still encoded. */
  find(host: string, verb: string, path: string): Method | undefined;
}

const APIS = [
  'artifactregistry.v1',
  'bigquery.v2',
  'cloudbuild.v1',
  'cloudkms.v1',
  'cloudresourcemanager.v1',
  'cloudresourcemanager.v3',
  'cloudscheduler.v1',
  'container.v1',
  'firestore.v1',
  'gkehub.v1',
  'iam.v1',
  'iamcredentials.v1',
  'iap.v1',
  'logging.v2',
  'monitoring.v1',
  'monitoring.v3',
  'pubsub.v1',
  'run.v1',
  'run.v2',
  'secretmanager.v1',
  'serviceusage.v1',
  'serviceusage.v1beta1',
];

/** Parameters that every method has. */
const COMMON: ReadonlySet<string> = new Set(['alt', 'prettyPrint', 'fields', '$alt']);

interface Entry {
  readonly host: string;
  readonly verb: string;
  readonly pattern: RegExp;
  readonly described: Described;
  readonly document: Document;
}

/** Reads the documents of a folder (tools/fetch-discovery.ts). */
export function openDiscovery(folder: string): Discovery {
  const entries = APIS.flatMap((api) => {
    const document: Document = JSON.parse(readFileSync(join(folder, `${api}.json`), 'utf8'));
    return methodsOf(document).map((described) => entryOf(document, described));
  });
  return {
    find(host, verb, path) {
      // Regional endpoints are the same API.
      const plain = host.replace(/^[a-z]+-[a-z]+\d+-/, '');
      for (const { pattern, described, document, ...entry } of entries) {
        if (entry.host !== plain || entry.verb !== verb) continue;
        const [found, parameter = ''] = pattern.exec(path) ?? [];
        if (found === undefined) continue;
        return {
          id: described.id,
          name: hasWholeName(described)
            ? decodeURIComponent(parameter)
            : nameOf(path, described, document),
          title: document.title,
          service: plain,
          problems: (query, body) => problemsOf(document, described, query, body),
        };
      }
      return undefined;
    },
  };
}

/**
 * Whether one parameter, with slashes, is the resource or what it is made in; else the path is. BigQuery marks parts
 * of a path in the same way.
 */
function hasWholeName({ path }: Described): boolean {
  return path.includes('{+') && !path.startsWith('projects/');
}

/** Without the version, and without a verb after a colon. */
function nameOf(path: string, { path: described }: Described, { servicePath }: Document): string {
  const [verb = ''] = /:\w+$/.exec(described) ?? [];
  const name = path.slice(1 + servicePath.length, path.length - verb.length);
  return decodeURIComponent(name.replace(/^(?:apis\/[^/]+\/)?v\d+\//, ''));
}

function methodsOf(resources: Resources): readonly Described[] {
  return [
    ...Object.values(resources.methods ?? {}),
    ...Object.values(resources.resources ?? {}).flatMap(methodsOf),
  ];
}

/** `v1/{+topic}:publish`, with the parameter's own pattern for `{+topic}`. */
function entryOf(document: Document, described: Described): Entry {
  const parts = described.path.split(/(\{\+?\w+\})/).map((part) => {
    const [, plus, name = ''] = /^\{(\+?)(\w+)\}$/.exec(part) ?? [];
    if (name === '') return part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&');
    const { pattern: written = '^.+$' } = described.parameters?.[name] ?? {};
    // Queries are of a document, or, as the text beside it says, of the database.
    const pattern = written.replace(/\/documents\/\[\^\/\]\+\/\.\*\$$/, '/documents(?:/.+)?$');
    // A custom verb comes after a colon, and is no part of a name.
    return plus === '' ? '([^/:]+)' : `(${pattern.slice(1, -1).replaceAll('[^/]', '[^/:]')})`;
  });
  const pattern = new RegExp(`^/${document.servicePath}${parts.join('')}$`);
  const host = new URL(document.rootUrl).host;
  return { host, verb: described.httpMethod, pattern, described, document };
}

function problemsOf(
  document: Document,
  { id, parameters = {}, request }: Described,
  query: URLSearchParams,
  body: unknown,
): readonly string[] {
  const found = [...query.keys()]
    .filter((name) => !(name in parameters) && !COMMON.has(name))
    .map((name) => `${id}: no parameter "${name}"`);
  if (body !== undefined && request !== undefined) check(document, request, body, id, found);
  return found;
}

function check(
  document: Document,
  schema: Schema,
  value: unknown,
  at: string,
  found: string[],
): void {
  const { $ref, type, properties = {}, additionalProperties, items } = schema;
  if ($ref !== undefined) {
    check(document, document.schemas[$ref] ?? {}, value, at, found);
  } else if (type === 'object') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      found.push(`${at}: no object`);
      return;
    }
    for (const [name, item] of Object.entries(value)) {
      const next = properties[name] ?? additionalProperties;
      if (next === undefined) found.push(`${at}.${name}: unknown field`);
      else if (item !== null) check(document, next, item, `${at}.${name}`, found);
    }
  } else if (type === 'array') {
    if (!Array.isArray(value)) found.push(`${at}: no list`);
    else value.forEach((item, i) => check(document, items ?? {}, item, `${at}[${i}]`, found));
  } else checkScalar(schema, value, at, found);
}

function checkScalar(
  { type, enum: allowed }: Schema,
  value: unknown,
  at: string,
  found: string[],
): void {
  const number = typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value));
  if (type === 'boolean' && typeof value !== 'boolean') found.push(`${at}: no boolean`);
  if ((type === 'integer' || type === 'number') && !number) found.push(`${at}: no number`);
  if (type === 'string' && typeof value !== 'string' && !number) found.push(`${at}: no text`);
  if (allowed !== undefined && !allowed.includes(String(value)))
    found.push(`${at}: ${String(value)} is none of ${allowed.join(', ')}`);
}
