import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';

let folder: string;
let registry: RunningRegistry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-conformance-'));
  registry = await startRegistry({ port: 0 });
});
afterEach(async () => {
  await registry?.close();
  await rm(folder, { recursive: true });
});

const resultsSchema = z.object({
  apis: z.record(z.string(), z.string()),
  data: z.record(z.string(), z.string()),
});

/** Optional in 1.1, and off by the suite's own defaults. */
const OFF = [
  'Blob upload cancel',
  'Manifest put with tag params',
  'Sparse Manifests',
  'Tag Param',
  'Tag Param sha512',
];

it('passes the suite of OCI distribution, version 1.1, with its own settings', async () => {
  const { stdout } = await suite('oci-conformance', {
    OCI_REGISTRY: registry.host,
    OCI_TLS: 'disabled',
    OCI_RESULTS_DIR: folder,
  });
  const counted = Object.fromEntries(
    [...stdout.matchAll(/^ +(Pass|Skip|Disabled|FAIL|Error|Total)\.*: +(\d+)$/gm)].map(
      ([, name = '', count]) => [name, Number(count)],
    ),
  );
  process.stdout.write(`OCI conformance 1.1: ${JSON.stringify(counted)}\n`);
  const results = resultsSchema.parse(parse(await readFile(join(folder, 'results.yaml'), 'utf8')));
  const shown = Object.entries({ ...results.apis, ...results.data });
  expect(shown.filter(([, result]) => result === 'Disabled').map(([name]) => name)).toEqual(OFF);
  expect(shown.filter(([, result]) => result === 'Skip')).toEqual([
    // A registry may have it; the suite then pushes the blob.
    ['Blob anonymous mount', 'Skip'],
  ]);
  expect(shown.length).toBeGreaterThan(OFF.length + 1);
  expect(new Set(shown.map(([, result]) => result))).toEqual(new Set(['Pass', 'Skip', 'Disabled']));
  expect(counted).toMatchObject({ FAIL: 0, Error: 0 });
});

const WORKFLOWS = ['Pull', 'Push', 'Content Discovery', 'Content Management'];
const CASE =
  /<testcase name="\[It\] OCI Distribution Conformance Tests ([^"]*)"[^>]* status="(\w+)"/g;
/** Each is run where another is not: registries differ there, or push nothing. */
const SKIPPED = [
  'Content Discovery Setup Populate registry with test tags (no push)',
  'Pull Setup Get tag name from environment',
  'Push Cross-Repository Blob Mount Cross-mounting of nonexistent blob should yield session id',
  'Push Cross-Repository Blob Mount Cross-mounting without from, and automatic content discovery enabled should return a 201',
];

it('passes the suite by workflows: pull, push, discovery, management', async () => {
  await suite('oci-conformance-v1', {
    OCI_ROOT_URL: `http://${registry.host}`,
    OCI_NAMESPACE: 'conformance/one',
    OCI_CROSSMOUNT_NAMESPACE: 'conformance/other',
    OCI_AUTOMATIC_CROSSMOUNT: '0',
    OCI_TEST_PULL: '1',
    OCI_TEST_PUSH: '1',
    OCI_TEST_CONTENT_DISCOVERY: '1',
    OCI_TEST_CONTENT_MANAGEMENT: '1',
    OCI_REPORT_DIR: folder,
  });
  const report = await readFile(join(folder, 'junit.xml'), 'utf8');
  const cases = [...report.matchAll(CASE)].map(([, name = '', status = '']) => ({ name, status }));
  for (const workflow of WORKFLOWS) {
    const own = cases.filter(({ name }) => name.startsWith(workflow));
    const count = (status: string): number => own.filter((one) => one.status === status).length;
    const counts = `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
    process.stdout.write(`OCI conformance, ${workflow}: ${counts}\n`);
    expect(count('passed')).toBeGreaterThan(0);
  }
  const named = (status: string): readonly string[] =>
    cases.filter((one) => one.status === status).map(({ name }) => name);
  expect(named('skipped').toSorted()).toEqual(SKIPPED);
  expect(cases).toHaveLength(named('passed').length + named('skipped').length);
});

/** What it wrote; throws where it failed. */
async function suite(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<{ stdout: string }> {
  const ran = await runProcess({ command: findTool(name), cwd: folder, env });
  if (ran.code !== 0) throw new Error(`${name} exited ${ran.code}:\n${ran.stdout}${ran.stderr}`);
  return ran;
}
