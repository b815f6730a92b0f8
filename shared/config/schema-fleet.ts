import * as z from 'zod';
import { ALWAYS, atMost, type Check, fieldOf, finding, isRecord, withOneOf } from './check.ts';
import { MAX_CONTEXTS, MAX_PAIRS, MAX_PROJECTS, MAX_TEXT } from './limits.ts';
import { pathSchema, projectSchema, selectorSchema, textSchema } from './scalars.ts';

const labels = z
  .record(textSchema, z.string().max(MAX_TEXT))
  .superRefine(finding(atMost(MAX_PAIRS)), ALWAYS)
  .describe('Labels of the cluster, for the selectors of images');

const gkeHub = z
  .strictObject({
    projects: z
      .array(projectSchema.describe('Fleet host project'))
      .min(1)
      .max(MAX_PROJECTS)
      .meta({
        description: 'Fleet host projects whose memberships are looked after',
        examples: [['fleet-host']],
      }),
    labelSelector: selectorSchema('env in (staging, prod)')
      .exactOptional()
      .describe(
        'Kubernetes label selector over memberships; without it every membership is looked after',
      ),
    dnsEndpoints: z
      .boolean()
      .default(false)
      .describe(
        "Call GKE clusters by the DNS endpoints of their control planes, where these are open to external traffic: no quota of Connect Gateway counts that. Needs container.clusters.list and container.clusters.connect on the clusters' projects. Every other cluster is reached through Connect Gateway",
      ),
  })
  .describe('Clusters that are members of a GKE fleet');

const kubeconfig = z
  .strictObject({
    path: pathSchema.meta({
      description:
        'Path of a kubeconfig file, relative to this file; several files by colons, as in KUBECONFIG; or a folder, each of whose files is a kubeconfig of its own. Read again when it changes',
      examples: ['./kubeconfig'],
    }),
    ca: pathSchema.exactOptional().meta({
      description:
        "Path of a PEM file, relative to this file: the certificates that clusters are verified by whose kubeconfig names none, in place of Node's own",
      examples: ['./private-ca.pem'],
    }),
    contexts: z
      .array(textSchema.describe('Name of a context'))
      .max(MAX_CONTEXTS)
      .default([])
      .meta({ description: 'Contexts to look after; none: all', examples: [['cluster-1']] }),
    labels: z
      .record(textSchema, labels)
      .superRefine(finding(atMost(MAX_CONTEXTS)), ALWAYS)
      .default({})
      .meta({
        description: 'Labels by context, 200 for each',
        examples: [{ 'cluster-1': { env: 'prod' } }],
      }),
  })
  .superRefine(finding(labelledContexts), ALWAYS)
  .describe('Clusters of kubeconfig files, reached directly');

/** How the cluster is reached that has the Secrets of a fleet, and which of them are the fleet's. */
const management = {
  kubeconfig: pathSchema.exactOptional().meta({
    description:
      'Path of the kubeconfig, relative to this file, of the cluster that has the Secrets; without it that is the cluster in which Countersign runs, by its service account',
    examples: ['./management.kubeconfig'],
  }),
  context: textSchema.exactOptional().meta({
    description: 'Its context (default: the current one)',
    examples: ['management'],
  }),
  labelSelector: selectorSchema('env in (staging, prod)')
    .exactOptional()
    .describe(
      'Kubernetes label selector over the clusters; without it every cluster is looked after',
    ),
  plugins: z
    .array(textSchema.describe('A command'))
    .max(MAX_PROJECTS)
    .default([])
    .meta({
      description: 'Credential plugins that a Secret may name; without it none is run for a Secret',
      examples: [['aws']],
    }),
};

const argocd = z
  .strictObject({
    namespace: textSchema
      .default('argocd')
      .meta({ description: 'Namespace of Argo CD (default argocd)', examples: ['argocd'] }),
    ...management,
  })
  .describe("Clusters of Argo CD's cluster Secrets, with the labels of these");

const clusterApi = z
  .strictObject({
    namespace: textSchema.exactOptional().meta({
      description: 'Namespace of the Clusters; without it those of all namespaces',
      examples: ['fleet'],
    }),
    ...management,
  })
  .describe(
    'Clusters of Cluster API, by their kubeconfig Secrets, with the labels of the Cluster objects',
  );

const KINDS = ['gkeHub', 'kubeconfig', 'argocd', 'clusterApi'];

/** Where the clusters are: exactly one of them. */
export const fleetSchema = withOneOf(
  z.strictObject({
    gkeHub: gkeHub.exactOptional(),
    kubeconfig: kubeconfig.exactOptional(),
    argocd: argocd.exactOptional(),
    clusterApi: clusterApi.exactOptional(),
  }),
  KINDS,
  'The clusters: exactly one of gkeHub, kubeconfig, argocd and clusterApi',
);

function* labelledContexts(value: unknown): ReturnType<Check> {
  const contexts = fieldOf(value, 'contexts');
  const named = fieldOf(value, 'labels');
  if (!Array.isArray(contexts) || contexts.length === 0 || !isRecord(named)) return;
  for (const context of Object.keys(named)) {
    if (contexts.includes(context)) continue;
    const fix = 'Name a context of the list, or add it there';
    const problem = 'Labels a context that contexts leaves out';
    yield { path: ['labels', context], kind: 'conflict', problem, fix };
  }
}
