import * as z from 'zod';
import { ALWAYS, atMost, type Check, fieldOf, finding, isRecord, withOneOf } from './check.ts';
import { MAX_CONTEXTS, MAX_PAIRS, MAX_PROJECTS, MAX_TEXT } from './limits.ts';
import { pathSchema, projectSchema, selectorSchema, textLike, textSchema } from './scalars.ts';

/** Lower case, without a port; an address of IPv6 in brackets, as in a URL. */
const HOST = /^(?:\.?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/;

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
        description: 'Fleet host projects of the memberships',
        examples: [['fleet-host']],
      }),
    labelSelector: selectorSchema('env in (staging, prod)')
      .exactOptional()
      .describe('Kubernetes label selector over memberships; without it all'),
    dnsEndpoints: z
      .boolean()
      .default(false)
      .describe(
        "Reach GKE clusters by the DNS endpoints of their control planes if these admit external traffic, which costs no quota of Connect Gateway. Needs container.clusters.list and container.clusters.connect on the clusters' projects. Other clusters are reached through Connect Gateway",
      ),
  })
  .describe('Clusters that are members of a GKE fleet');

const kubeconfig = z
  .strictObject({
    path: pathSchema.meta({
      description:
        'Path of a kubeconfig; or several, separated by colons as in KUBECONFIG; or a folder of kubeconfigs. Read again when it changes',
      examples: ['./kubeconfig'],
    }),
    ca: pathSchema.exactOptional().meta({
      description:
        "Path of a PEM file: certificate authorities of clusters whose kubeconfig names none, in place of Node's",
      examples: ['./private-ca.pem'],
    }),
    contexts: z
      .array(textSchema.describe('Name of a context'))
      .max(MAX_CONTEXTS)
      .default([])
      .meta({ description: 'Contexts of the fleet; without it all', examples: [['cluster-1']] }),
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
      'Path of the kubeconfig of the cluster that has the Secrets; without it the cluster in which Countersign runs, by its service account',
    examples: ['./management.kubeconfig'],
  }),
  context: textSchema.exactOptional().meta({
    description: 'Its context (default: the current one)',
    examples: ['management'],
  }),
  labelSelector: selectorSchema('env in (staging, prod)')
    .exactOptional()
    .describe('Kubernetes label selector over the clusters; without it all'),
  plugins: z
    .array(textSchema.describe('A command'))
    .max(MAX_PROJECTS)
    .default([])
    .meta({
      description: 'Credential plugins that a Secret may name; without it none runs',
      examples: [['aws']],
    }),
  pluginServers: z
    .array(
      textLike(HOST, 'Is neither a host nor .SUFFIX').describe(
        'Host of an API server: its name, .SUFFIX for all below one, or its address (IPv6 in brackets)',
      ),
    )
    .max(MAX_PROJECTS)
    .default([])
    .meta({
      description:
        'Servers to which the credentials of these plugins may be sent, whatever a Secret says; needed where there are plugins',
      examples: [['.eks.amazonaws.com']],
    }),
};

const argocd = z
  .strictObject({
    namespace: textSchema
      .default('argocd')
      .meta({ description: 'Namespace of Argo CD (default argocd)', examples: ['argocd'] }),
    ...management,
  })
  .superRefine(finding(boundPlugins), ALWAYS)
  .describe('Clusters of the cluster Secrets of Argo CD, with the labels of the Secrets');

const clusterApi = z
  .strictObject({
    namespace: textSchema.exactOptional().meta({
      description: 'Namespace of the Clusters; without it all namespaces',
      examples: ['fleet'],
    }),
    ...management,
  })
  .superRefine(finding(boundPlugins), ALWAYS)
  .describe(
    'Clusters of Cluster API, by their kubeconfig Secrets, with the labels of the Clusters',
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

/** A Secret says which server is called: by that alone its writer would get the credentials of a plugin. */
function* boundPlugins(value: unknown): ReturnType<Check> {
  const plugins = fieldOf(value, 'plugins');
  const servers = fieldOf(value, 'pluginServers');
  if (!Array.isArray(plugins) || plugins.length === 0) return;
  if (Array.isArray(servers) && servers.length > 0) return;
  const fix = 'Add pluginServers: the hosts of the API servers that these plugins are for';
  const problem = 'Does not say which servers the credentials are for';
  yield { path: ['plugins'], kind: 'conflict', problem, fix };
}
