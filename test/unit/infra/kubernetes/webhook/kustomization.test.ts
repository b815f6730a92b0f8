import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { configurationSchema, readOne } from '#test/fixtures/webhook/manifest-schema.ts';
import { readManifests } from '#test/fixtures/webhook/read-manifests.ts';

const WEBHOOK = join(import.meta.dirname, '../../../../../infra/kubernetes/webhook');

const kustomizationSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(['Kustomization', 'Component']),
  resources: z.array(z.string()).default([]),
  patches: z
    .array(
      z.object({ target: z.object({ kind: z.string(), name: z.string() }), patch: z.string() }),
    )
    .default([]),
  secretGenerator: z.array(z.looseObject({ files: z.array(z.string()) })).default([]),
  configMapGenerator: z.array(z.looseObject({ files: z.array(z.string()) })).default([]),
  replacements: z.array(z.unknown()).default([]),
});

const kustomizations = readManifests('*/kustomization.yaml').map(({ path, value }) => ({
  path,
  folder: dirname(path),
  ...kustomizationSchema.parse(value),
}));
const named = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.unknown().optional(),
});
const objects = readManifests()
  .filter(({ path }) => !path.endsWith('kustomization.yaml'))
  .map(({ path, value }) => ({ path, ...named.parse(value) }));
const configuration = readOne(configurationSchema, 'configuration/webhook.yaml');
const [webhook] = configuration.webhooks;

describe('the kustomizations', () => {
  it('leave no file out, and name none that is not there', () => {
    const used = kustomizations.flatMap(({ folder, resources }) =>
      resources.map((resource) => normalize(join(folder, resource))),
    );
    expect(used.filter((path) => !existsSync(join(WEBHOOK, path)))).toEqual([]);
    expect(objects.filter(({ path }) => !used.includes(path))).toEqual([]);
  });

  it('patch what is there', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const targets = kustomizations.flatMap(({ patches }) => patches.map(({ target }) => target));
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter(({ kind, name }) => !names.includes(`${kind} ${name}`))).toEqual([]);
  });

  it('that can be combined are components', () => {
    const kinds = Object.fromEntries(kustomizations.map(({ folder, kind }) => [folder, kind]));
    expect(kinds).toEqual({
      base: 'Kustomization',
      central: 'Kustomization',
      'cert-manager': 'Kustomization',
      config: 'Component',
      configuration: 'Kustomization',
      'network-policy': 'Component',
      openssl: 'Kustomization',
      unchanged: 'Component',
      'workload-identity': 'Component',
    });
  });
});

const operationsSchema = z.tuple([
  z.object({ op: z.literal('test'), value: z.string() }),
  z.object({ op: z.literal('replace'), value: z.object({ expression: z.string() }) }),
]);

describe('the webhook', () => {
  it('fails closed, in time, and has no effects', () => {
    expect(webhook).toMatchObject({
      admissionReviewVersions: ['v1', 'v1beta1'],
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      sideEffects: 'None',
      timeoutSeconds: 10,
    });
  });

  it('is asked about created and changed RSyncs, in both versions, never about their status', () => {
    expect(webhook['rules']).toEqual([
      {
        apiGroups: ['configsync.gke.io'],
        apiVersions: ['v1beta1', 'v1alpha1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['rootsyncs', 'reposyncs'],
        scope: 'Namespaced',
      },
    ]);
  });

  // What it says is proved on a real kube-apiserver: test/e2e/admission-conditions.test.ts.
  it('has one condition, which the component that drops it knows by name', () => {
    const [{ name } = { name: undefined }, ...more] = webhook.matchConditions;
    expect(more).toEqual([]);
    const unchanged = kustomizations.find(({ folder }) => folder === 'unchanged');
    const [test, replace] = operationsSchema.parse(parse(unchanged?.patches[0]?.patch ?? ''));
    expect(test.value).toBe(name);
    // The component asks what the base asks, and one thing more.
    const [{ expression: base } = { expression: '' }] = webhook.matchConditions;
    const flat = (text: string): string => text.replace(/\s+/g, ' ').replace(/\)$/, '');
    expect(flat(replace.value.expression)).toContain(flat(base));
  });
});

describe('the certificates of cert-manager', () => {
  const certificateSchema = z.looseObject({
    kind: z.literal('Certificate'),
    metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
    spec: z.looseObject({
      secretName: z.string(),
      isCA: z.boolean().optional(),
      dnsNames: z.array(z.string()).optional(),
      issuerRef: z.object({ name: z.string(), kind: z.literal('Issuer') }),
    }),
  });
  const certificates = objects
    .filter(({ kind }) => kind === 'Certificate')
    .map((object) => certificateSchema.parse(object));
  const leaf = certificates.find(({ spec }) => spec.secretName === 'webhook-tls');

  it('are for the names that the API server calls', () => {
    const { name, namespace } = webhook.clientConfig.service;
    expect(leaf?.spec.dnsNames).toContain(`${name}.${namespace}.svc`);
    expect(leaf?.spec.dnsNames).toEqual([name, `${name}.${namespace}.svc`, `${name}.${namespace}`]);
  });

  it('are those that the webhook trusts', () => {
    const overlay = kustomizations.find(({ folder }) => folder === 'cert-manager');
    const { name, namespace } = z
      .object({ name: z.string(), namespace: z.string() })
      .parse(leaf?.metadata);
    expect(overlay?.patches[0]?.patch).toContain(
      `cert-manager.io/inject-ca-from: ${namespace}/${name} }`,
    );
  });

  it('come from a CA that outlives them', () => {
    const issuer = objects.find(
      ({ kind, metadata }) => kind === 'Issuer' && metadata.name === leaf?.spec.issuerRef.name,
    );
    const authority = certificates.find(({ spec }) => spec.isCA === true);
    expect(issuer?.spec).toEqual({ ca: { secretName: authority?.spec.secretName } });
  });
});
