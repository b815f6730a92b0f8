import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { documentedBlock } from '#test/docs/blocks.ts';
import { deploymentSchema, readOne } from '#test/fixtures/webhook/manifest-schema.ts';
import { sampleServer } from '#test/fixtures/webhook/sample-server.ts';
import {
  NAMESPACE,
  startWebhookCluster,
  type WebhookCluster,
} from '#test/fixtures/webhook/webhook-cluster.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const PLACEHOLDER = 'SIGNATURE_VERIFICATION_SERVER_IMAGE_URL';
const IMAGE = 'registry.example/countersign@sha256:abc';
const { template } = readOne(deploymentSchema, 'base/deployment.yaml').spec;

let cluster: WebhookCluster;

beforeAll(async () => {
  cluster = await startWebhookCluster();
  await cluster.shell(documentedBlock('webhook-keys'));
});
afterAll(() => cluster?.close());

const liveSchema = z.looseObject({
  webhooks: z.array(z.looseObject({ clientConfig: z.looseObject({ caBundle: z.base64() }) })),
});

async function get(path: string): Promise<unknown> {
  const { status, body } = await cluster.send({ method: 'GET', path });
  expect(status).toBe(200);
  return body;
}

describe('over the sample server', () => {
  beforeAll(async () => {
    const tls = await readFile(join(cluster.folder, 'tls.crt'));
    const items = sampleServer(tls.toString('base64'));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await writeFile(join(cluster.folder, 'sample.json'), list);
    await cluster.shell('kubectl apply -f sample.json');
    await cluster.shell(documentedBlock('webhook-apply'), { IMAGE });
  });

  it('ours takes the place of its Deployment, and leaves nothing of it', async () => {
    const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/signature-verification-server`;
    const { spec } = deploymentSchema.parse(await get(path));
    const { containers, volumes } = spec.template.spec;
    const [container] = containers;
    expect(spec.replicas).toBe(2);
    expect(container).toMatchObject({ image: IMAGE, args: ['admission'] });
    expect(container).not.toHaveProperty('command');
    expect(container).toMatchObject({ imagePullPolicy: 'IfNotPresent' });
    expect(volumes.map(({ name }) => name).toSorted()).toEqual(['cosign-key', 'tls-certs']);
    expect(container.volumeMounts).toEqual(template.spec.containers[0].volumeMounts);
  });

  it('ours takes the place of its webhook, and trusts the same certificate', async () => {
    const { webhooks } = liveSchema.parse(await get(`${ADMISSION}/image-verification-webhook`));
    const [webhook, ...more] = webhooks;
    expect(more).toEqual([]);
    expect(webhook).toMatchObject({
      name: 'imageverification.webhook.com',
      rules: [{ operations: ['CREATE', 'UPDATE'], scope: 'Namespaced' }],
      matchConditions: [{ name: 'announcement-changed' }],
    });
    const trusted = Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString();
    expect(trusted).toBe(await readFile(join(cluster.folder, 'tls.crt'), 'utf8'));
  });

  it('nothing but the certificate of openssl/ is applied of it', async () => {
    const { code, stderr } = await cluster.attempt(`kubectl get secret webhook-ca -n ${NAMESPACE}`);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NotFound'),
    });
  });
});

const sampleSchema = z.object({
  spec: z.object({ template: z.object({ spec: z.looseObject({}) }) }),
});

describe('a pod of the Deployment', () => {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', labels: template.metadata.labels },
    spec: template.spec,
  };
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`;

  it('passes the restricted standard that its namespace demands', async () => {
    expect(await cluster.send({ method: 'POST', path, body })).toMatchObject({ status: 201 });
  });

  it('would not without what it gives up', async () => {
    const [{ securityContext: _, ...container }] = template.spec.containers;
    const spec = { ...template.spec, containers: [container] };
    const answer = await cluster.send({ method: 'POST', path, body: { ...body, spec } });
    expect(answer).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('violates PodSecurity "restricted') },
    });
  });

  it('of the sample server would not: an operator who goes back has to take the label away', async () => {
    const [deployment] = sampleServer('');
    const { spec } = sampleSchema.parse(deployment).spec.template;
    const answer = await cluster.send({ method: 'POST', path, body: { ...body, spec } });
    expect(answer.status).toBe(403);
  });

  it('has no token', async () => {
    const answer = await cluster.send({ method: 'POST', path, body });
    const { spec } = z
      .object({ spec: z.looseObject({ volumes: z.array(z.looseObject({ name: z.string() })) }) })
      .parse(answer.body);
    expect(spec.volumes.map(({ name }) => name)).toEqual(['tls-certs', 'cosign-key']);
  });
});

const rulesSchema = z.object({
  status: z.object({
    resourceRules: z.array(z.unknown()),
    nonResourceRules: z.array(z.unknown()),
  }),
});

describe('the service account', () => {
  it('may do what any other may, and no more', async () => {
    const rulesOf = async (user: string): Promise<readonly string[]> => {
      const { body } = await cluster.send({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
        user,
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectRulesReview',
          spec: { namespace: NAMESPACE },
        },
      });
      const { status } = rulesSchema.parse(body);
      const rules = [...status.resourceRules, ...status.nonResourceRules];
      return rules.map((rule) => JSON.stringify(rule)).toSorted();
    };
    const ours = await rulesOf(`system:serviceaccount:${NAMESPACE}:signature-verification-sa`);
    expect(ours).toEqual(await rulesOf('system:serviceaccount:default:stranger'));
  });
});

describe('the overlays', () => {
  const COMPONENTS = ['workload-identity', 'network-policy', 'config', 'unchanged'];

  async function applyOverlay(base: string, components: readonly string[]): Promise<void> {
    const webhook = join(cluster.folder, 'infra/kubernetes/webhook');
    await writeFile(join(webhook, 'config/countersign.yaml'), 'apiVersion: countersign.dev/v1\n');
    const folder = join(webhook, 'mine');
    await mkdir(folder, { recursive: true });
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [`../${base}`],
      components: components.map((name) => `../${name}`),
      images: [{ name: PLACEHOLDER, newName: 'registry.example/ours', digest: 'sha256:abc' }],
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    await cluster.shell(`kubectl apply -k ${folder}`);
  }

  it('can all be combined', async () => {
    await applyOverlay('openssl', COMPONENTS);
    const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/signature-verification-server`;
    const { spec } = z
      .object({ spec: z.object({ template: z.object({ spec: z.looseObject({}) }) }) })
      .parse(await get(path));
    const { containers, volumes } = z
      .looseObject({
        containers: z.tuple([z.looseObject({ image: z.string(), env: z.array(z.unknown()) })]),
        volumes: z.array(
          z.looseObject({ configMap: z.looseObject({ name: z.string() }).optional() }),
        ),
      })
      .parse(spec.template.spec);
    expect(containers[0].image).toBe('registry.example/ours@sha256:abc');
    expect(containers[0].env).toContainEqual({
      name: 'COUNTERSIGN_CONFIG',
      value: '/etc/countersign/config/countersign.yaml',
    });
    const [name] = volumes.flatMap(({ configMap }) => configMap?.name ?? []);
    await get(`/api/v1/namespaces/${NAMESPACE}/configmaps/${name}`);
    await get(
      `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/networkpolicies/signature-verification-server`,
    );
    expect(
      await get(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/signature-verification-sa`),
    ).toMatchObject({
      metadata: { annotations: { 'iam.gke.io/gcp-service-account': expect.any(String) } },
    });
    expect(await get(`${ADMISSION}/image-verification-webhook`)).toMatchObject({
      webhooks: [{ matchConditions: [{ name: 'announced' }] }],
    });
  });

  it('central/ leads to an address outside, and to nothing in the cluster', async () => {
    const env = { ADMISSION_HOST: 'admission.example', ADMISSION_SECRET: 'abc' };
    await cluster.shell(documentedBlock('webhook-central'), env);
    const { webhooks } = z
      .object({ webhooks: z.tuple([z.looseObject({ clientConfig: z.unknown() })]) })
      .parse(await get(`${ADMISSION}/image-verification-webhook`));
    expect(webhooks[0].clientConfig).toEqual({ url: 'https://admission.example/validate/abc' });
  });

  it('cert-manager/ differs in who makes the certificate, and in nothing else', async () => {
    const render = (overlay: string): Promise<string> =>
      cluster.shell(`kubectl kustomize infra/kubernetes/webhook/${overlay}`);
    const parts = async (overlay: string): Promise<string[]> =>
      (await render(overlay)).split(/^---$/m).filter((part) => !part.includes('cert-manager.io'));
    const rest = (part: string): boolean => !part.includes('ValidatingWebhookConfiguration');
    expect(await parts('cert-manager')).toEqual((await parts('openssl')).filter(rest));
  });
});
