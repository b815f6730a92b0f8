import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SyncKind } from '#shared/core/sync-ref.ts';
import { reconcilerName } from '#test/fixtures/reconciler-name.ts';

const TEST = join(import.meta.dirname, '../../../../infra/terraform/tests/module.tftest.hcl');
/** `"RepoSync/team-a/extra" = "ns-reconciler-team-a-extra-5"`: what Terraform asserts of the module. */
const ASSERTED = /"(RootSync|RepoSync)\/([^/"]+)\/([^"]+)"\s+= "([^"]+)"/g;

function kindOf(text: string | undefined): SyncKind {
  return text === 'RepoSync' ? 'RepoSync' : 'RootSync';
}

describe('the names of reconcilers', () => {
  const asserted = [...readFileSync(TEST, 'utf8').matchAll(ASSERTED)];

  it('are asserted for both kinds, by their own names and others', () => {
    expect(asserted.map(([, kind, , name]) => `${kind} ${name}`)).toEqual([
      'RootSync root-sync',
      'RootSync platform',
      'RepoSync repo-sync',
      'RepoSync extra',
    ]);
  });

  it.each(
    asserted.map(([, kind, namespace = '', name = '', account = '']) => ({
      kind: kindOf(kind),
      namespace,
      name,
      account,
    })),
  )('are those of the code: $account', ({ account, ...ref }) => {
    expect(reconcilerName(ref)).toBe(account);
  });
});
