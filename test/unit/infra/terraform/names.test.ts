import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { loadConfig } from '#shared/config/load-config.ts';
import { configSchema } from '#shared/config/schema.ts';
import { LOG_LEVELS, readEnv } from '#shared/http/env.ts';
import { MAX_DELIVERIES, TASK_PATIENCE_MS } from '#shared/http/limits.ts';
import { type ModuleSource, readModule, withDefaults } from '#test/terraform/read-module.ts';

const EXAMPLES = join(import.meta.dirname, '../../../../infra/terraform/examples');
const CONFIGS = globSync('*/rendered/config/countersign.yaml', { cwd: EXAMPLES }).toSorted();

let source: ModuleSource;
beforeAll(async () => {
  source = await readModule();
});

const Texts = z.record(z.string(), z.string());

function textOf(path: string): string {
  return readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
}

function all(pattern: RegExp, text: string): readonly string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

function bodyOf(address: string): Readonly<Record<string, unknown>> {
  const found = source.resources.find((resource) => resource.address === address);
  if (found === undefined) throw new Error(`The module has no ${address}`);
  return found.body;
}

describe('topics', () => {
  it('are those of the config file, by the names that its schema shows', () => {
    const topics = Texts.parse(source.locals.get('topics'));
    const shape = configSchema.shape.topics.shape;
    const shown = Object.entries(shape).map(([key, schema]) => [key, schema.meta()?.examples]);
    const ours = Object.entries(topics).map(([key, id]) => [
      key,
      [`projects/p/topics/${withDefaults(source, id)}`],
    ]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(shown));
  });

  it('have a schema and a retention each, or say that they have none', () => {
    const keys = Object.keys(configSchema.shape.topics.shape).toSorted();
    for (const local of ['topic_schemas', 'topic_retention']) {
      const value = z.record(z.string(), z.unknown()).parse(source.locals.get(local));
      expect(Object.keys(value).toSorted()).toEqual(keys);
    }
  });
});

describe('subscriptions', () => {
  it('push to the routes of the functions, and to all of them', () => {
    const paths = Texts.parse(source.locals.get('task_paths'));
    expect(Object.values(paths).toSorted()).toEqual(
      all(/'(\/[a-z-]+)':/g, textOf('functions/cluster/open.ts')).toSorted(),
    );
    const push = all(/app\.post\('([^']+)'/g, textOf('functions/push/open.ts'));
    expect(push).toEqual([source.locals.get('push_path')]);
  });

  it('give each task the route of its topic', () => {
    const paths = Texts.parse(source.locals.get('task_paths'));
    const topics = Texts.parse(source.locals.get('topics'));
    for (const [key, path] of Object.entries(paths)) {
      expect(withDefaults(source, topics[key])).toBe(`countersign-${path.slice(1)}`);
    }
  });

  it('give up later than the functions do, which say why', () => {
    expect(source.locals.get('max_delivery_attempts')).toBeGreaterThanOrEqual(20);
    expect(source.locals.get('max_delivery_attempts')).toBeGreaterThan(MAX_DELIVERIES);
  });

  it('wait no less than a task is worth retrying before the alert', () => {
    const { threshold } = z
      .looseObject({ threshold: z.number() })
      .parse(z.looseObject({}).parse(metricAlert('messages-wait')));
    expect(threshold * 1000).toBeGreaterThan(TASK_PATIENCE_MS);
  });

  it('of dead letters has the name that the command and its page name', () => {
    const name = withDefaults(source, bodyOf('google_pubsub_subscription.dead_letters')['name']);
    expect(textOf('docs/dead-letters.md')).toContain(`subscriptions create ${name} `);
  });
});

function metricAlert(key: string): unknown {
  return z.record(z.string(), z.unknown()).parse(source.locals.get('metric_alerts'))[key];
}

describe('the scheduler', () => {
  it('calls the route of sweep each minute', () => {
    const { schedule, http_target: target } = z
      .looseObject({
        schedule: z.string(),
        http_target: z.tuple([z.looseObject({ http_method: z.string(), uri: z.string() })]),
      })
      .parse(bodyOf('google_cloud_scheduler_job.sweep'));
    const [route] = all(/app\.post\('([^']+)'/g, textOf('functions/sweep/open.ts'));
    expect(schedule).toBe('* * * * *');
    expect(target[0].http_method).toBe('POST');
    expect(target[0].uri).toBe(`\${google_cloud_run_v2_service.this["sweep"].uri}${route}`);
  });
});

describe('services', () => {
  it('are the functions that there are', () => {
    const functions = globSync('functions/*/main.ts', {
      cwd: new URL('../../../../', import.meta.url),
    })
      .map((path) => path.split(/[\\/]/)[1] ?? '')
      .filter((name) => name !== 'cli');
    for (const local of ['services', 'accounts', 'enabled', 'checks_invoker']) {
      const value = z.record(z.string(), z.unknown()).parse(source.locals.get(local));
      expect(Object.keys(value).toSorted()).toEqual(functions.toSorted());
    }
  });

  it('set variables that the functions read, and leave out only what Cloud Run sets or what is local', () => {
    const set = new Set(
      ['environment', 'tracing_environment'].flatMap((local) =>
        Object.keys(z.record(z.string(), z.unknown()).parse(source.locals.get(local))),
      ),
    ).add('COUNTERSIGN_MAX_INSTANCES');
    expect(source.texts.get('services.tf')).toContain('COUNTERSIGN_MAX_INSTANCES = tostring(');
    const read = all(/^ {2}([A-Z][A-Z0-9_]+): (?:z|Url)\b/gm, textOf('shared/http/env.ts'));
    const traced = all(
      /^ {2}([A-Z][A-Z0-9_]+): (?:z|Url)\b/gm,
      textOf('shared/telemetry/read-env.ts'),
    );
    expect([...set].filter((name) => ![...read, ...traced].includes(name))).toEqual([]);
    const elsewhere = /^(?:K_|PORT$|HOST$|.*_EMULATOR_HOST$)/;
    const missing = read.filter((name) => !set.has(name) && !elsewhere.test(name));
    expect(missing).toEqual([]);
  });

  it('listen on the port that the functions have by default', () => {
    const text = source.texts.get('services.tf') ?? '';
    expect(all(/container_port = (\d+)/g, text)).toEqual([String(readEnv({}).port)]);
  });

  it('are probed where every function answers', () => {
    const paths = all(/path = "(\/[a-z]+)"/g, source.texts.get('services.tf') ?? '');
    expect(paths).toEqual(['/ready', '/health']);
    const served = all(/app\.get\('([^']+)'/g, textOf('shared/http/app.ts'));
    expect(served).toEqual(expect.arrayContaining([...paths]));
  });

  it('take the log levels that there are', () => {
    const { validation } = z
      .looseObject({ validation: z.array(z.looseObject({ condition: z.string() })) })
      .parse(source.variables.get('log_level'));
    expect(validation[0]?.condition).toContain(
      `[${LOG_LEVELS.map((level) => `"${level}"`).join(', ')}]`,
    );
  });
});

describe('the build', () => {
  const build = textOf('cloudbuild.yaml');

  it.each([
    ['image', '_IMAGE: ${_REGION}-docker.pkg.dev/${PROJECT_ID}/${_NAME}/countersign'],
    ['key ring', '/keyRings/${_NAME}/cryptoKeys/release/cryptoKeyVersions/1'],
    ['account', 'countersign-builder@PROJECT.iam.gserviceaccount.com'],
    ['region', '_REGION: us-central1'],
  ])('has the %s of the module', (_, text) => {
    expect(build).toContain(text);
  });

  it('finds them there', () => {
    expect(bodyOf('google_artifact_registry_repository.image')['repository_id']).toBe(
      '${var.name}',
    );
    expect(bodyOf('google_kms_key_ring.this')['name']).toBe('${var.name}');
    expect(bodyOf('google_kms_crypto_key.release')['name']).toBe('release');
    const account = bodyOf('google_service_account.builder')['account_id'];
    expect(withDefaults(source, account)).toBe('countersign-builder');
  });

  it('updates services by the names that the module gives them', () => {
    expect(bodyOf('google_cloud_run_v2_service.this')['name']).toBe('${var.name}-${each.key}');
    expect(textOf('infra/image/deploy.sh')).toContain('"$NAME-$function"');
  });
});

describe('the store', () => {
  const code = globSync('shared/store/firestore-*.ts', {
    cwd: new URL('../../../../', import.meta.url),
  }).map(textOf);

  it('has the collection groups that the code writes', () => {
    const groups = code.flatMap((text) => [
      ...all(/^const [A-Z]+ = '([a-z]+)';$/gm, text),
      ...all(/`\$\{path\}\/([a-z]+)\//g, text),
    ]);
    // The documents with names stay, few as they are.
    expect(groups.filter((group) => group !== 'names').toSorted()).toEqual(
      [...z.array(z.string()).parse(source.locals.get('store_groups'))].toSorted(),
    );
  });

  it('indexes what is queried', () => {
    const queried = code.flatMap((text) => all(/(?:orderBy|field): '([a-zA-Z]+)'/g, text));
    const unindexed = z.array(z.string()).parse(source.locals.get('store_unindexed'));
    expect(queried).toEqual(expect.arrayContaining(['cluster', 'reconciled', 'follows']));
    expect(
      queried.filter((field) => [...unindexed, 'reconciledAt', 'expireAt'].includes(field)),
    ).toEqual([]);
  });
});

describe('the records', () => {
  const code = textOf('shared/records/firestore-records.ts');
  const replacing = textOf('shared/records/replace-document.ts');

  it('leave out of the index what the code writes and never queries', () => {
    const field = bodyOf('google_firestore_field.records');
    const [, collection = ''] = /^const RECORDS = '([a-z]+)';$/m.exec(code) ?? [];
    expect(field['collection']).toBe(collection);
    const queried = all(/(?:orderBy|field): '([a-zA-Z]+)'/g, code);
    expect(new Set(queried)).toEqual(new Set(['image']));
    // Values of conditions, which stand behind their operator, are none of a document's fields.
    const fields = all(/(?<!', )\b([a-z]+): \{ stringValue: /g, `${code}${replacing}`);
    const written = fields.filter((name) => !queried.includes(name));
    expect(written).toEqual(['record', 'write']);
    expect(field['for_each']).toContain(`toset(${JSON.stringify(written).replace(',', ', ')})`);
  });

  it('are where docs/store.md has them', () => {
    const { records_database: name } = Object.fromEntries(source.locals);
    expect(name).toContain('"${var.name}-records"');
    expect(textOf('docs/store.md')).toContain('database: countersign-records');
  });
});

describe('the config that examples render', () => {
  it.each(CONFIGS)(
    'names the topics, store and callers that the module makes: %s',
    async (path) => {
      const config = await loadConfig(join(EXAMPLES, path));
      const topics = z.record(z.string(), z.string()).parse(source.locals.get('topics'));
      const [, project] = config.topics.tasks.split('/');
      for (const [key, topic] of Object.entries(config.topics)) {
        expect(topic).toBe(`projects/${project}/topics/${withDefaults(source, topics[key])}`);
      }
      expect(config.store).toEqual({ type: 'firestore', project, database: 'countersign' });
      const callers = z.record(z.string(), z.string()).parse(source.locals.get('callers'));
      for (const name of ['push', 'cluster', 'sweep'] as const) {
        const account = withDefaults(source, callers[name]);
        expect(config.access[name]).toEqual({
          mode: 'iam',
          audience: `https://countersign-${name}.${project}.internal`,
          emails: [`${account}@${project}.iam.gserviceaccount.com`],
        });
      }
      expect(config.gate?.identity).toBe(`countersign@${project}.iam.gserviceaccount.com`);
    },
  );
});
