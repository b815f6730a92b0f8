import type { Elsewhere } from './front.ts';
import type { Google } from './google.ts';

/**
 * What gcloud asks before anything is made: whether the project has billing, and what is there already. For its owner,
 * who may ask anything.
 */
export function createListsFront(google: Google): Elsewhere {
  /** Resources right below a place, by their kind. */
  function list(api: string, place: string, kind: string): Response {
    const start = `${api}/${place}/${kind}/`;
    const found = [...google.resources]
      .filter(([key]) => key.startsWith(start) && !key.slice(start.length).includes('/'))
      .map(([, fields]) => fields);
    return Response.json({ [kind === 'serviceAccounts' ? 'accounts' : kind]: found });
  }

  return async (request) => {
    const { host, pathname } = new URL(request.url);
    if (request.method === 'GET' && host === 'cloudbilling.googleapis.com')
      return Response.json({ billingEnabled: true });
    if (request.method === 'GET' && host === 'storage.googleapis.com')
      return Response.json({ kind: 'storage#buckets', items: [] });
    if (host === 'serviceusage.googleapis.com' && pathname.endsWith(':batchEnable'))
      return Response.json({ name: 'operations/noop.DONE_OPERATION', done: true, response: {} });
    if (pathname.endsWith(':testIamPermissions')) return Response.json(await request.json());
    if (host.endsWith('connectgateway.googleapis.com') && pathname.endsWith(':generateCredentials'))
      return Response.json({
        kubeconfig: kubeconfigOf(pathname.slice('/v1/'.length, -':generateCredentials'.length)),
      });
    const [, place = '', kind = ''] =
      /^\/v1\/(projects\/.+)\/(topics|keyRings|serviceAccounts)$/.exec(pathname) ?? [];
    if (request.method !== 'GET' || place === '') return undefined;
    return list(host.replace('.googleapis.com', ''), place, kind);
  };
}

/** As Connect Gateway writes it: one context that reaches the membership through it, with gcloud's own plugin. */
function kubeconfigOf(membership: string): string {
  const name = `connectgateway_${membership.split('/').join('_')}`;
  const server = `https://connectgateway.googleapis.com/v1/${membership}`;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: 'gke-gcloud-auth-plugin',
    provideClusterInfo: true,
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  return Buffer.from(JSON.stringify(config)).toString('base64');
}
