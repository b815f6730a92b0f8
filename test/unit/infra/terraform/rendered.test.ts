import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { runProgramWith } from '#test/fixtures/run-program.ts';

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

  it.each(CONFIGS)('passes `countersign config check`: %s', async (path) => {
    expect(await runProgramWith(['config', 'check', join(EXAMPLES, path)])).toEqual({
      code: 0,
      out: expect.stringMatching(/^.*: ok, .*\n$/),
      err: '',
    });
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
