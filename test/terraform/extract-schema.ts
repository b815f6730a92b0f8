import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attribute, Block, Schema } from './schema.ts';

// `npx node test/terraform/extract-schema.ts FOLDER`, where FOLDER is an unpacked npm package
// @cdktf/provider-google@16.12.1: writes schema.json, names and types only, of the resources that the module uses.

/** Without `google_`, as the package names its folders. */
const RESOURCES = [
  'artifact-registry-repository',
  'artifact-registry-repository-iam-member',
  'bigquery-dataset',
  'bigquery-table',
  'bigquery-table-iam-member',
  'cloud-run-v2-service',
  'cloud-run-v2-service-iam-member',
  'cloud-scheduler-job',
  'firestore-backup-schedule',
  'firestore-database',
  'firestore-field',
  'iap-web-cloud-run-service-iam-member',
  'kms-crypto-key',
  'kms-crypto-key-iam-member',
  'kms-key-ring',
  'logging-metric',
  'monitoring-alert-policy',
  'monitoring-dashboard',
  'project-iam-custom-role',
  'project-iam-member',
  'project-service',
  'pubsub-schema',
  'pubsub-subscription',
  'pubsub-subscription-iam-member',
  'pubsub-topic',
  'pubsub-topic-iam-member',
  'secret-manager-secret',
  'secret-manager-secret-iam-member',
  'secret-manager-secret-version',
  'service-account',
  'service-account-iam-member',
];
const DATA = ['data-google-project'];

const PROPERTY =
  /^ {2}\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n([\s\S]*?)(?=^ {2}\/\/ \w+ - computed|^ {2}\/\/ =====|^\})/gm;
const NESTED = /= new (\w+?)(OutputReference|List)\(this, "\w+"(?:, (true|false))?\)/;
const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\??:/g;

/** How the package reads an attribute, and what type that means. */
const TYPES: readonly (readonly [RegExp, Attribute['type']])[] = [
  [/new cdktf\.StringMap\(|getStringMapAttribute/, ['map', 'string']],
  [/new cdktf\.BooleanMap\(|getBooleanMapAttribute/, ['map', 'bool']],
  [/cdktf\.Fn\.tolist\(this\.getListAttribute/, ['set', 'string']],
  [/getNumberListAttribute/, ['list', 'number']],
  [/getListAttribute/, ['list', 'string']],
  [/getStringAttribute/, 'string'],
  [/getNumberAttribute/, 'number'],
  [/getBooleanAttribute/, 'bool'],
];

function extract(folder: string, name: string): Block {
  const text = sourceOf(join(folder, 'lib', name, 'index.js'));
  const main = /^export class (\w+) extends cdktf\.Terraform(?:Resource|DataSource)/m.exec(text);
  if (main?.[1] === undefined) throw new Error(`${name} has no resource`);
  return blockOf(text, main[1]);
}

/** The TypeScript that a file was compiled from: its source map says what is computed and what is required. */
function sourceOf(path: string): string {
  const map = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(
    readFileSync(path, 'utf8'),
  );
  const { sourcesContent } = JSON.parse(Buffer.from(map?.[1] ?? '', 'base64').toString('utf8'));
  return sourcesContent[0];
}

function blockOf(text: string, name: string): Block {
  const body = bodyOf(text, `export class ${name} `);
  const values = valuesOf(text, name.replace(/OutputReference$/, ''));
  const block: Block = { attributes: {}, blocks: {} };
  for (const [, key = '', computed, optional, required, code = ''] of body.matchAll(PROPERTY)) {
    const nested = NESTED.exec(code);
    if (nested !== null) {
      // What Google alone fills in is no block: the module does not name it.
      if (optional !== 'true' && required !== 'true') continue;
      const [, kind = '', shape, set] = nested;
      const single = key === 'timeouts';
      block.blocks[key] = {
        nesting: single ? 'single' : set === 'true' ? 'set' : 'list',
        ...(required === 'true' ? { min: 1 } : {}),
        ...(shape === 'OutputReference' && !single ? { max: 1 } : {}),
        block: blockOf(text, `${kind}OutputReference`),
      };
      continue;
    }
    const type = TYPES.find(([pattern]) => pattern.test(code))?.[1];
    if (type === undefined) throw new Error(`${name}.${key} has no known type`);
    const allowed = values.get(
      key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    );
    block.attributes[key] = {
      type,
      ...(required === 'true' ? { required: true } : {}),
      ...(optional === 'true' ? { optional: true } : {}),
      ...(computed === 'true' ? { computed: true } : {}),
      ...(allowed === undefined ? {} : { values: allowed }),
    };
  }
  return block;
}

/** Allowed values by property: the provider writes them into its documentation when it checks them. */
function valuesOf(text: string, name: string): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const kind of [name, `${name}Config`]) {
    const body = bodyOf(text, `export interface ${kind} `);
    for (const [, comment = '', property = ''] of body.matchAll(DOCUMENTED)) {
      const list = /Possible values: (\["[^\]]*"\])/.exec(comment)?.[1];
      if (list !== undefined) found.set(property, JSON.parse(list));
    }
  }
  return found;
}

function bodyOf(text: string, opening: string): string {
  const start = text.indexOf(opening);
  return start < 0 ? '' : text.slice(start, text.indexOf('\n}\n', start) + 3);
}

const [folder = '.'] = process.argv.slice(2);
const read = (names: readonly string[]) =>
  Object.fromEntries(
    names.map((name) => [
      `google-${name.replace(/^data-google-/, '')}`.replaceAll('-', '_'),
      extract(folder, name),
    ]),
  );
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).cdktf.provider;
const schema: Schema = { version, resources: read(RESOURCES), data: read(DATA) };
// Since 7.21.0, and no npm package of that age has its schema: from the types of @pulumi/gcp 9.37.0 (provider 7.x).
const service = schema.resources['google_cloud_run_v2_service'];
Object.assign(service?.attributes ?? {}, { iap_enabled: { type: 'bool', optional: true } });
Object.assign(service?.blocks['scaling']?.block.attributes ?? {}, {
  max_instance_count: { type: 'number', optional: true },
});
writeFileSync(join(import.meta.dirname, 'schema.json'), `${JSON.stringify(schema)}\n`);
