import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as limits from '#shared/config/limits.ts';
import { edit, fullText, localText, problemsOf } from './fixture.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-config-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A flow list or map of one entry too many. */
function past(limit: number, entry: (index: number) => string): string {
  return Array.from({ length: limit + 1 }, (_, index) => entry(index)).join(', ');
}

describe('parseConfig() refuses what is past a limit', () => {
  it.each<[limit: string, text: string, path: string]>([
    [
      'MAX_REGISTRIES',
      edit(
        localText,
        '- { host: 127.0.0.1:5000, plainHttp: true }',
        `[${past(limits.MAX_REGISTRIES, (i) => `{ host: r${i}.example }`)}]`,
      ),
      'registries',
    ],
    [
      'MAX_REALMS',
      edit(
        fullText,
        '[auth.registry.acme.example]',
        `[${past(limits.MAX_REALMS, (i) => `r${i}.example`)}]`,
      ),
      'registries[2].realms',
    ],
    [
      'MAX_IMAGES',
      edit(
        localText,
        '- { match: 127.0.0.1:5000/configs/**, trust: release }',
        `[${past(limits.MAX_IMAGES, (i) => `{ match: ghcr.io/acme/i${i}, trust: release }`)}]`,
      ),
      'images',
    ],
    [
      'MAX_PROJECTS',
      edit(fullText, '[fleet-host]', `[${past(limits.MAX_PROJECTS, (i) => `p${i}`)}]`),
      'fleet.gkeHub.projects',
    ],
    [
      'MAX_CONTEXTS',
      edit(
        localText,
        '[cluster-1, cluster-2]',
        `[${past(limits.MAX_CONTEXTS, (i) => `cluster-${i}`)}]`,
      ),
      'fleet.kubeconfig.contexts',
    ],
    [
      'MAX_PEOPLE (viewers)',
      edit(
        fullText,
        '[dev@acme.example]',
        `[${past(limits.MAX_PEOPLE, (i) => `d${i}@acme.example`)}]`,
      ),
      'access.api.viewers',
    ],
    [
      'MAX_PEOPLE (invokers)',
      edit(
        fullText,
        '[ops@acme.example]',
        `[${past(limits.MAX_PEOPLE, (i) => `o${i}@acme.example`)}]`,
      ),
      'access.api.invokers',
    ],
    [
      'MAX_PEOPLE (emails)',
      edit(
        fullText,
        '[scheduler@p.iam.gserviceaccount.com]',
        `[${past(limits.MAX_PEOPLE, (i) => `s${i}@acme.example`)}]`,
      ),
      'access.sweep.emails',
    ],
    [
      'MAX_PEOPLE (breakGlass)',
      edit(fullText, '[oncall@acme.example]', `[${past(limits.MAX_PEOPLE, (i) => `o${i}`)}]`),
      'gate.breakGlass',
    ],
    [
      'MAX_AUTHORITIES',
      edit(
        fullText,
        '{ allowUnsigned: true }',
        `{ authorities: [${past(limits.MAX_AUTHORITIES, (i) => `{ name: a${i}, keyless: { issuer: "https://i.example", subject: s${i} } }`)}] }`,
      ),
      'trust.open.authorities',
    ],
    [
      'MAX_ATTESTATIONS',
      edit(
        fullText,
        '{ allowUnsigned: true }',
        `{ authorities: [{ name: a, key: { file: release.pub } }], attestations: [${past(limits.MAX_ATTESTATIONS, (i) => `{ predicateType: p${i} }`)}] }`,
      ),
      'trust.open.attestations',
    ],
    [
      'MAX_SELECTOR',
      edit(
        fullText,
        '"tier != sandbox"',
        `"tier in (${past(limits.MAX_SELECTOR / 4, (i) => `v${i}`)})"`,
      ),
      'images[0].clusters',
    ],
    [
      'MAX_TEXT',
      edit(
        fullText,
        'audience: https://push.countersign.example',
        `audience: ${'a'.repeat(limits.MAX_TEXT + 1)}`,
      ),
      'access.push.audience',
    ],
    [
      'MAX_NAME',
      edit(fullText, 'name: pem-key', `name: ${'a'.repeat(limits.MAX_NAME + 1)}`),
      'trust.release.authorities[2].name',
    ],
    [
      'MAX_KEY_BYTES (pem)',
      edit(
        fullText,
        'key: { file: release.pub }',
        `key: { pem: ${'a'.repeat(limits.MAX_KEY_BYTES + 1)} }`,
      ),
      'trust.release.authorities[1].key.pem',
    ],
    [
      'MAX_POLICIES',
      edit(
        fullText,
        '  open: { allowUnsigned: true }',
        `  open: { allowUnsigned: true }\n${Array.from({ length: limits.MAX_POLICIES }, (_, i) => `  p${i}: { allowUnsigned: true }`).join('\n')}`,
      ),
      'trust',
    ],
    [
      'MAX_PAIRS (annotations)',
      edit(
        fullText,
        'annotations: { env: prod }',
        `annotations: { ${past(limits.MAX_PAIRS, (i) => `a${i}: x`)} }`,
      ),
      'trust.release.authorities[0].annotations',
    ],
    [
      'MAX_PAIRS (where)',
      edit(fullText, 'where: {', `where: { ${past(limits.MAX_PAIRS, (i) => `a${i}: x`)},`),
      'trust.release.attestations[0].where',
    ],
    [
      'MAX_PAIRS (claims)',
      edit(fullText, 'claims: {', `claims: { ${past(limits.MAX_PAIRS, (i) => `1.2.${i}: x`)},`),
      'trust.release.authorities[4].keyless.claims',
    ],
    [
      'MAX_PAIRS (labels)',
      edit(localText, '{ env: prod }', `{ ${past(limits.MAX_PAIRS, (i) => `l${i}: x`)} }`),
      'fleet.kubeconfig.labels.cluster-1',
    ],
  ])('%s', async (_limit, text, path) => {
    const problems = await problemsOf(text);
    expect(problems.map((problem) => [problem.path, problem.kind])).toContainEqual([
      path,
      'too-large',
    ]);
  });

  it.each<[limit: string, name: string, size: number, before: string, path: string]>([
    [
      'MAX_KEY_BYTES',
      'key.pub',
      limits.MAX_KEY_BYTES,
      'key: { file: release.pub }',
      'trust.release.authorities[1].key.file',
    ],
    [
      'MAX_TRUSTED_ROOT_BYTES',
      'root.json',
      limits.MAX_TRUSTED_ROOT_BYTES,
      'trustedRoot: public-good',
      'trust.release.authorities[3].trustedRoot.file',
    ],
  ])('%s in a file', async (_limit, name, size, before, path) => {
    const file = join(folder, name);
    const field = before.split(':', 1)[0] ?? '';
    await writeFile(file, 'x'.repeat(size + 1));
    const [problem] = await problemsOf(edit(fullText, before, `${field}: { file: ${file} }`));
    expect(problem).toMatchObject({
      path,
      kind: 'file',
      problem: expect.stringContaining(String(size)),
    });
    await writeFile(file, 'x'.repeat(size));
    const [within] = await problemsOf(edit(fullText, before, `${field}: { file: ${file} }`));
    expect(within).toMatchObject({ path, kind: 'bad-value' });
  });
});
