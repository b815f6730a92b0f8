import { type Agent, request } from 'node:http';
import * as kubernetes from '@kubernetes/client-node';
import * as z from 'zod';

/** One call after the other for each cluster: what any program would have to send that does what we do. */
export interface LoopTask {
  readonly url: string;
  readonly number: string;
  readonly clusters: number;
  readonly atOnce: number;
  /** A patch as ours sends it; its resourceVersion is replaced. */
  readonly patch: string;
  readonly authorization: string;
}

type Work = (id: string) => Promise<void>;

const List = z.object({
  items: z.array(z.object({ metadata: z.object({ resourceVersion: z.string() }) })),
});
const API = { group: 'configsync.gke.io', version: 'v1beta1' };
const NAMESPACE = 'config-management-system';

/** Runs `work` for every cluster, so many at once. */
export async function forEachCluster(
  { clusters, atOnce }: Pick<LoopTask, 'clusters' | 'atOnce'>,
  work: Work,
): Promise<void> {
  let next = 0;
  async function walk(): Promise<void> {
    while (next < clusters) {
      const at = next;
      next += 1;
      await work(`cluster-${at}`);
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, clusters) }, walk));
}

/** client-node as it comes, over plain HTTP and connections that are kept. */
export function withClientNode(task: LoopTask): Work {
  const patch = kubernetes.setHeaderOptions('Content-Type', kubernetes.PatchStrategy.MergePatch);
  const authMethods = {
    default: {
      getName: () => 'token',
      applySecurityAuthentication(context: kubernetes.RequestContext) {
        context.setHeaderParam('Authorization', task.authorization);
      },
    },
  };
  return async (id) => {
    const baseServer = new kubernetes.ServerConfiguration(baseOf(task, id), {});
    const configuration = kubernetes.createConfiguration({ baseServer, authMethods });
    const api = new kubernetes.CustomObjectsApi(configuration);
    const [roots] = await Promise.all([
      api.listCustomObjectForAllNamespaces({ ...API, resourcePlural: 'rootsyncs', limit: 500 }),
      api.listCustomObjectForAllNamespaces({ ...API, resourcePlural: 'reposyncs', limit: 500 }),
    ]);
    const body: unknown = JSON.parse(nextPatch(task, roots));
    const place = { ...API, plural: 'rootsyncs', namespace: NAMESPACE, name: 'root-sync' };
    await api.patchNamespacedCustomObject({ ...place, body, fieldManager: 'countersign' }, patch);
  };
}

/** Node's own client, which parses what the other loop parses. */
export function withBareHttp(task: LoopTask, agent: Agent): Work {
  const send = (method: string, url: string, body?: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = {
        accept: 'application/json',
        authorization: task.authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/merge-patch+json' }),
      };
      const asked = request(url, { method, agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('end', () => {
          if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
          else resolve(JSON.parse(Buffer.concat(chunks).toString()));
        });
      });
      asked.once('error', reject);
      asked.end(body);
    });
  return async (id) => {
    const base = `${baseOf(task, id)}/apis/configsync.gke.io/v1beta1`;
    const [roots] = await Promise.all([
      send('GET', `${base}/rootsyncs?limit=500`),
      send('GET', `${base}/reposyncs?limit=500`),
    ]);
    const object = `${base}/namespaces/${NAMESPACE}/rootsyncs/root-sync`;
    await send('PATCH', `${object}?fieldManager=countersign`, nextPatch(task, roots));
  };
}

function baseOf({ url, number }: LoopTask, id: string): string {
  return `${url}/v1/projects/${number}/locations/us-west1/gkeMemberships/${id}`;
}

function nextPatch({ patch }: LoopTask, roots: unknown): string {
  const version = List.parse(roots).items[0]?.metadata.resourceVersion;
  return patch.replace(/"resourceVersion":"\d+"/, `"resourceVersion":"${version}"`);
}
