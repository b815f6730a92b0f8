import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { checkConfig } from '#shared/config/check-config.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { type ModuleSource, readModule, withDefaults } from '#test/terraform/read-module.ts';

const EXAMPLES = join(import.meta.dirname, '../../../../infra/terraform/examples');
/** As the module renders them: test/e2e/terraform.test.ts sees to it that they are what it renders today. */
const CONFIGS = globSync('*/rendered/config/countersign.yaml', { cwd: EXAMPLES }).toSorted();

let source: ModuleSource;
beforeAll(async () => {
  source = await readModule();
});

describe('the config that the module renders', () => {
  it('is there for every example', () => {
    expect(CONFIGS.map((path) => path.split(/[\\/]/)[0])).toEqual([
      'fleet-host',
      'private-sigstore',
      'single-project',
    ]);
  });

  it.each(CONFIGS)('passes `npm run check-config`: %s', async (path) => {
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const streams = { stdin: Readable.from([]), out: say, err: say };
    expect([await checkConfig([join(EXAMPLES, path)], streams), said]).toEqual([
      0,
      [expect.stringContaining(': ok, ')],
    ]);
  });

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
          loopbackOnly: false,
          audience: `https://countersign-${name}.${project}.internal`,
          emails: [`${account}@${project}.iam.gserviceaccount.com`],
        });
      }
      expect(config.gate?.identity).toBe(`countersign@${project}.iam.gserviceaccount.com`);
    },
  );
});

describe('what the module says of clusters', () => {
  it('is the role of infra/kubernetes/rbac', () => {
    const role: unknown = parse(
      readFileSync(join(EXAMPLES, '../../kubernetes/rbac/base/role.yaml'), 'utf8'),
    );
    const { rules } = z.looseObject({ rules: z.array(z.looseObject({})) }).parse(role);
    const text = source.texts.get('rbac.tf') ?? '';
    const [{ apiGroups, resources, verbs } = {}] = rules;
    expect(text).toContain(
      `apiGroups = ${hcl(apiGroups)}, resources = ${hcl(resources)}, verbs = role.verbs`,
    );
    expect(text).toContain(`verbs = ${hcl(verbs)}, user = local.emails["cluster"]`);
  });
});

function hcl(list: unknown): string {
  return `[${z
    .array(z.string())
    .parse(list)
    .map((item) => `"${item}"`)
    .join(', ')}]`;
}
