import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { outputJsonSchemas } from '#infra/docs/output-schemas.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { ROOT } from '#test/fixtures/api-world.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { runCountersign } from '#test/fixtures/run-countersign.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';
import { buildRSync, IMAGE, liveStatus } from '#test/fixtures/rsync.ts';
import { createStagedApiWorld, moved, moving } from '#test/fixtures/staged-api.ts';

const DIRECTORY = new URL('../../../../functions/cli/schemas/', import.meta.url);
const ID = 'platform-v1-7-00000001';
const WHY = ['--reason', 'INC-7'];
const folder = mkdtempSync(join(tmpdir(), 'countersign-schemas-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** What the schema that is committed has against a value. */
function faultsOf(name: string, value: unknown): unknown {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const schema = JSON.parse(readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8'));
  ajv.validate(schema, value);
  return ajv.errors;
}

describe('the schemas of what the command prints', () => {
  it('are what `npm run docs` writes', () => {
    const written = outputJsonSchemas();
    const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'));
    expect(files.toSorted()).toEqual(Object.keys(written).toSorted());
    for (const [file, schema] of Object.entries(written)) {
      expect(JSON.parse(readFileSync(new URL(file, DIRECTORY), 'utf8'))).toEqual(schema);
    }
  });

  it('refuse what is something else', () => {
    expect(faultsOf('status', { clusters: [], syncs: [{ phase: 'Synced' }] })).not.toBeNull();
    expect(faultsOf('explain', {})).not.toBeNull();
  });

  it.each<[string, string[]]>([
    ['status', ['status']],
    ['status', ['status', '--image', IMAGE]],
    ['explain', ['explain', 'cluster-4', ROOT]],
    ['verify', ['verify', IMAGE]],
    ['wait', ['wait', `${IMAGE}@${B}`, '--timeout', '1s']],
    ['wait-stage', ['wait', `${IMAGE}@${B}`, '--stage', 'canary', '--timeout', '1s']],
    ['resync', ['resync', '--cluster', 'cluster-1']],
    ['resync-dry-run', ['resync', '--dry-run']],
    ['history', ['history', '--limit', '1']],
    ['freezes', ['freezes']],
    ['freeze', ['freeze', '--image', IMAGE, ...WHY]],
    ['hold', ['hold', 'cluster-4', ROOT, ...WHY]],
    ['holds', ['holds']],
    ['rollouts', ['rollouts']],
    ['rollout-show', ['rollout', 'show', ID]],
    ['rollout-plan', ['rollout', 'plan', IMAGE]],
    ['rollout-decision', ['rollout', 'pause', ID, ...WHY]],
    ['rollout-decision', ['rollout', 'pause', ID, ...WHY, '--dry-run']],
  ])('hold for %s: %j', async (name, args) => {
    const history = createMemoryHistory().open();
    for (const entry of ['a', 'b']) await history.add(entryOf(entry));
    const world = await createStagedApiWorld({
      rows: { 'cluster-1': [moved()], 'cluster-2': [moving()] },
      deps: { kept: { history, days: 400 } },
    });
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
    const rsync = buildRSync({ status: liveStatus(A), annotations: { approved: A } });
    world.clusters.cluster('cluster-4').rsyncs.set(ROOT, rsync);
    const { out } = await runCountersign(world, [...args, '-o', 'json']);
    expect(out).not.toBe('');
    expect(faultsOf(name, JSON.parse(out))).toBeNull();
  });

  it('hold for contexts', async () => {
    const context = (...args: string[]) =>
      runProgramWith(['context', ...args, '-o', 'json'], { folder });
    const added = await context('add', 'prod', '--url', 'https://countersign.example');
    expect(faultsOf('context', JSON.parse(added.out))).toBeNull();
    const { out } = await context('list');
    expect(faultsOf('contexts', JSON.parse(out))).toBeNull();
  });
});
