import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { DRAIN_LIMIT_MS } from '#shared/http/limits.ts';
import { readEnv } from '#shared/http/env.ts';
import {
  configurationSchema,
  deploymentSchema,
  kindsOf,
  readOne,
  serviceSchema,
} from '#test/fixtures/webhook/manifest-schema.ts';
import { readManifests } from '#test/fixtures/webhook/read-manifests.ts';

const deployment = readOne(deploymentSchema, 'base/deployment.yaml');
const service = readOne(serviceSchema, 'base/service.yaml');
const configuration = readOne(configurationSchema, 'configuration/webhook.yaml');
const { spec: pod } = deployment.spec.template;
const [container] = pod.containers;
const [webhook] = configuration.webhooks;
const NAMESPACE = 'signature-verification';
/** Code, stacks, buffers and TLS. */
const BESIDE_THE_HEAP_MB = 64;

describe('the names', () => {
  it('are those of the sample server, so that ours takes its place', () => {
    expect({
      namespaces: [deployment, service].map(({ metadata }) => metadata.namespace),
      deployment: deployment.metadata.name,
      // Cannot be changed in place.
      selector: deployment.spec.selector,
      container: container.name,
      service: service.metadata.name,
      account: pod.serviceAccountName,
      secrets: pod.volumes.map(({ secret }) => secret.secretName),
      mounts: container.volumeMounts.map(({ mountPath }) => mountPath),
      webhooks: [configuration.metadata.name, webhook.name],
    }).toEqual({
      namespaces: [NAMESPACE, NAMESPACE],
      deployment: 'signature-verification-server',
      selector: { matchLabels: { app: 'signature-verification-server' } },
      container: 'signature-verification-server',
      service: 'signature-verification-service',
      account: 'signature-verification-sa',
      secrets: ['webhook-tls', 'cosign-key'],
      mounts: ['/tls', '/cosign-key'],
      webhooks: ['image-verification-webhook', 'imageverification.webhook.com'],
    });
  });

  it('lead from the webhook to the container', () => {
    const [port] = service.spec.ports;
    expect(webhook.clientConfig.service).toEqual({
      name: service.metadata.name,
      namespace: service.metadata.namespace,
      path: '/validate',
      port: 10250,
    });
    expect(port).toMatchObject({ port: 10250, targetPort: container.ports[0].name });
    expect(deployment.spec.template.metadata.labels).toMatchObject(service.spec.selector);
    expect(container.ports[0].containerPort).toBe(readEnv(env()).port);
  });

  it('of volumes are those of their mounts', () => {
    const volumes = pod.volumes.map(({ name }) => name);
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(volumes);
  });

  it.each(['base/account.yaml', 'base/namespace.yaml'])('in %s are used', (path) => {
    const { metadata } = readOne(
      z.looseObject({ metadata: z.looseObject({ name: z.string() }) }),
      path,
    );
    expect([pod.serviceAccountName, NAMESPACE]).toContain(metadata.name);
  });

  it('of the pods are those of the budget and the network policy', () => {
    const { spec: budget } = readOne(
      z.looseObject({ spec: z.looseObject({ selector: z.unknown() }) }),
      'base/budget.yaml',
    );
    const { spec: policy } = readOne(
      z.looseObject({ spec: z.looseObject({ podSelector: z.unknown() }) }),
      'network-policy/policy.yaml',
    );
    const { selector } = deployment.spec;
    expect([budget.selector, policy.podSelector]).toEqual([selector, selector]);
  });
});

describe('the pods', () => {
  it('have no permission in the cluster, and no token', () => {
    expect(kindsOf(readManifests()).filter((kind) => /Role|Binding/.test(kind))).toEqual([]);
    const account = readOne(
      z.looseObject({ automountServiceAccountToken: z.boolean() }),
      'base/account.yaml',
    );
    expect([account, pod].map((one) => one.automountServiceAccountToken)).toEqual([false, false]);
  });

  it('may write nothing and impersonate no user', () => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod['securityContext']).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('can read the secrets by their group', () => {
    const { fsGroup, runAsGroup } = z
      .looseObject({ fsGroup: z.int(), runAsGroup: z.int() })
      .parse(pod['securityContext']);
    expect(fsGroup).toBe(runAsGroup);
    expect(pod.volumes.map(({ secret }) => secret.defaultMode)).toEqual([0o440, 0o440]);
  });

  it('are two, apart where that is possible, and never both away', () => {
    expect(deployment.spec.replicas).toBe(2);
    expect(deployment.spec['strategy']).toEqual({
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    const spread = z
      .array(z.looseObject({ topologyKey: z.string(), labelSelector: z.unknown() }))
      .parse(pod['topologySpreadConstraints']);
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    for (const { labelSelector } of spread) expect(labelSelector).toEqual(deployment.spec.selector);
  });

  it('have a heap that leaves room in the limit of memory', () => {
    const flags = env()['NODE_OPTIONS'] ?? '';
    const [old, half] = ['old', 'semi'].map((name) =>
      Number(new RegExp(`--max-${name}-space-size=([0-9]+)`).exec(flags)?.[1]),
    );
    const limit = Number(/^([0-9]+)Mi$/.exec(container.resources.limits.memory)?.[1]);
    expect((old ?? NaN) + 3 * (half ?? NaN) + BESIDE_THE_HEAP_MB).toBeLessThanOrEqual(limit);
  });

  it('are given time to stop', () => {
    const sleep = container.lifecycle.preStop.sleep.seconds;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      sleep * 1000 + DRAIN_LIMIT_MS + 2_000,
    );
  });

  it.each([
    ['startupProbe', '/health'],
    ['readinessProbe', '/ready'],
    ['livenessProbe', '/health'],
  ])('are asked by their %s over TLS', (name, path) => {
    expect(container[name]).toMatchObject({
      httpGet: { path, port: container.ports[0].name, scheme: 'HTTPS' },
    });
  });
});

function env(): Readonly<Record<string, string>> {
  return Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
}
