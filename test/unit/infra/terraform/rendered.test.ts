import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { checkConfig } from '#shared/config/check-config.ts';

const EXAMPLES = join(import.meta.dirname, '../../../../infra/terraform/examples');
/** As the module renders them: test/e2e/terraform.test.ts sees to it that they are what it renders today. */
const CONFIGS = globSync('*/rendered/config/countersign.yaml', { cwd: EXAMPLES }).toSorted();

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
    const now = (): Date => new Date('2026-11-23T12:00:00Z');
    const streams = { stdin: Readable.from([]), out: say, err: say, now };
    expect([await checkConfig([join(EXAMPLES, path)], streams), said]).toEqual([
      0,
      [expect.stringContaining(': ok, ')],
    ]);
  });
});

describe('what the module says of clusters', () => {
  it('is the role of infra/kubernetes/rbac', () => {
    const role: unknown = parse(
      readFileSync(join(EXAMPLES, '../../kubernetes/rbac/base/role.yaml'), 'utf8'),
    );
    const { rules } = z.looseObject({ rules: z.array(z.looseObject({})) }).parse(role);
    const text = readFileSync(join(EXAMPLES, '../rbac.tf'), 'utf8');
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
