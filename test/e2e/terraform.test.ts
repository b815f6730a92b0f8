import { globSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fc } from '#test/fixtures/fast-check.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type SyncRef } from '#shared/core/sync-ref.ts';
import { reconcilerName } from '#test/fixtures/reconciler-name.ts';
import { readBindings } from '#test/terraform/bindings.ts';
import { mountedFiles, type Plan, planOf } from '#test/terraform/rendered.ts';
import { EXAMPLES, MODULE, openWorkspace, type Workspace } from '#test/terraform/workspace.ts';
import { patiently } from '#test/patience.ts';

// The module under Terraform itself, with a stand-in for the provider that has the real one's schema
// (test/terraform/README.md). `npm run terraform` runs the same, and says what it could not.

/** A plan of the module on two cores that do other things as well. */
const PATIENCE_MS = patiently(600_000);
const RSYNCS = 60;

let workspace: Workspace;
beforeAll(async () => {
  workspace = await openWorkspace('stand-in');
});
afterAll(() => workspace?.close());

/** What Terraform says of a command that fails; nothing of one that does not. */
async function complaints(folder: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await workspace.terraform(folder, ...args, '-no-color');
  return code === 0 ? '' : `${stdout}${stderr}`;
}

describe('the module', () => {
  it('is formatted', async () => {
    expect(await complaints(workspace.module, 'fmt', '-check', '-recursive')).toBe('');
  });

  it('is valid', async () => {
    expect(await complaints(workspace.module, 'validate')).toBe('');
  });

  it(
    'passes its tests',
    async () => {
      expect(await complaints(workspace.module, 'test')).toBe('');
    },
    PATIENCE_MS,
  );

  it('computes the names of reconcilers as the code does', async () => {
    const label = fc.stringMatching(/^[a-z0-9](?:[-a-z0-9]{0,9}[a-z0-9])?$/);
    const ref: fc.Arbitrary<SyncRef> = fc.oneof(
      fc.record({
        kind: fc.constant('RootSync' as const),
        namespace: fc.constant('config-management-system'),
        name: fc.oneof(fc.constant('root-sync'), fc.constant('repo-sync'), label),
      }),
      fc.record({
        kind: fc.constant('RepoSync' as const),
        namespace: label,
        name: fc.oneof(fc.constant('root-sync'), fc.constant('repo-sync'), label),
      }),
    );
    const refs = fc.sample(
      fc.uniqueArray(ref, {
        minLength: RSYNCS,
        maxLength: RSYNCS,
        selector: ({ kind, namespace, name }) => `${kind}/${namespace}/${name}`,
      }),
      { numRuns: 1, seed: 1 },
    )[0];
    const expected = Object.fromEntries(
      (refs ?? []).map((one) => [`${one.kind}/${one.namespace}/${one.name}`, reconcilerName(one)]),
    );
    const readers = (refs ?? []).map(({ kind, namespace, name }) => ({ kind, namespace, name }));
    const test = await readFile(join(workspace.module, 'tests/module.tftest.hcl'), 'utf8');
    const head = test.slice(0, test.indexOf('run "defaults"'));
    const run = `run "names" {
  command = plan
  variables { readers = jsondecode(${JSON.stringify(JSON.stringify(readers))}) }
  assert {
    condition     = tomap(output.readers) == tomap(jsondecode(${JSON.stringify(JSON.stringify(expected))}))
    error_message = jsonencode(output.readers)
  }
}
`;
    await writeFile(join(workspace.module, 'tests/names.tftest.hcl'), `${head}${run}`);
    const said = await complaints(workspace.module, 'test', '-filter=tests/names.tftest.hcl');
    expect(said).toBe('');
    expect(Object.keys(expected)).toHaveLength(RSYNCS);
  });
});

describe.each(EXAMPLES)('the example %s', (name) => {
  let plan: Plan;

  it('is valid', async () => {
    expect(await complaints(workspace.example(name), 'validate')).toBe('');
  });

  it('plans, and passes its tests', async () => {
    plan = await planOf(workspace, workspace.example(name));
    expect(plan.resource_changes.length).toBeGreaterThan(50);
  });

  it('renders the config that is beside it', async () => {
    const folder = join(MODULE, 'examples', name, 'rendered');
    const written = globSync('**/*.{yaml,json}', { cwd: folder }).map(
      async (path) => [path, await readFile(join(folder, path), 'utf8')] as const,
    );
    // `npm run terraform -- --write` writes them anew.
    expect(mountedFiles(plan)).toEqual(new Map(await Promise.all(written)));
  });

  it('grants what docs/iam.md lists, to accounts by name', () => {
    const listed = new Set(readBindings().bindings.map(({ binding }) => binding));
    const granted = plan.resource_changes.filter(({ type }) => type.endsWith('_iam_member'));
    const unlisted = granted.filter((one) => !listed.has(`${one.type}.${one.name}`));
    // Beside the module: who may act as the account that calls the API (docs/iam.md).
    expect(unlisted.map(({ address }) => address)).toEqual(
      name === 'single-project'
        ? ['google_service_account_iam_member.people["ops@acme.example"]']
        : [],
    );
    const members = granted.map(({ change }) => z.string().parse(change.after?.['member']));
    expect(
      members.filter((member) => !/^(?:serviceAccount:|principal:\/\/|user:|group:)/.test(member)),
    ).toEqual([]);
  });
});

describe('the stand-in', () => {
  it.each([
    ['an attribute that there is not', 'retention = "1d"', 'Unsupported argument'],
    ['a block that there is not', 'schema {}', 'Unsupported block type'],
    ['a value of another type', 'labels = "platform"', 'Incorrect attribute value type'],
    [
      'a value that is not allowed',
      'schema_settings {\n schema = "s"\n encoding = "XML"\n}',
      'is none of ENCODING_UNSPECIFIED, JSON, BINARY',
    ],
    [
      'two of a block that may be there once',
      'message_storage_policy { allowed_persistence_regions = [] }\nmessage_storage_policy { allowed_persistence_regions = [] }',
      'No more than 1 "message_storage_policy" blocks are allowed',
    ],
  ])('refuses %s', async (_, line, problem) => {
    const folder = workspace.example('single-project');
    const file = join(folder, 'broken.tf');
    await writeFile(file, '');
    await appendFile(file, `resource "google_pubsub_topic" "broken" {\n name = "x"\n ${line}\n}\n`);
    const { code, stdout, stderr } = await workspace.terraform(folder, 'validate', '-no-color');
    await writeFile(file, '');
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toContain(problem);
  });
});
