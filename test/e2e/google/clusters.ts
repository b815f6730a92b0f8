import type { Elsewhere } from './front.ts';
import type { Google } from './google.ts';

/** Connect Gateway in front of one cluster: IAM first, then the API server answers. */
export function createGatewayFront(google: Google, kubeUrl: string): Elsewhere {
  return async (request, member) => {
    const { host, pathname, search } = new URL(request.url);
    if (!host.endsWith('connectgateway.googleapis.com')) return undefined;
    const [, project = '', rest = ''] =
      /^\/v1\/projects\/([^/]+)\/locations\/[^/]+\/(?:gkeMemberships|memberships)\/[^/]+(\/.*)$/.exec(
        pathname,
      ) ?? [];
    const permission = `gkehub.gateway.${request.method.toLowerCase()}`;
    // Named by its number here; policies are by its id.
    const id = project === '123456789012' ? 'acme-prod' : project;
    const off = google.disabled(id, 'connectgateway.googleapis.com', 'Connect Gateway API');
    if (off !== undefined) return Response.json(off.body, { status: off.status });
    const on = `gkehub/projects/${id}`;
    if (
      member === undefined ||
      !google.permit(member, `Connect Gateway: ${request.method}`, permission, on)
    ) {
      const message = `Permission '${permission}' denied on resource '${on}'`;
      return Response.json(
        { error: { code: 403, status: 'PERMISSION_DENIED', message } },
        { status: 403 },
      );
    }
    return forward(request, `${kubeUrl}${rest}${search}`);
  };
}

/** The DNS endpoint of each control plane at GKE: IAM first, then the API server answers. */
export function createEndpointFront(google: Google, kubeUrl: string): Elsewhere {
  return async (request, member) => {
    const { host, pathname, search } = new URL(request.url);
    if (!host.endsWith('.gke.goog')) return undefined;
    const [on] =
      [...google.resources].find(
        ([, { controlPlaneEndpointsConfig: config }]) =>
          Object(config).dnsEndpointConfig?.endpoint === host,
      ) ?? [];
    const permission = 'container.clusters.connect';
    if (
      on === undefined ||
      member === undefined ||
      !google.permit(member, `GKE: ${request.method}`, permission, on)
    ) {
      const message = `Permission '${permission}' denied on resource '${on}'`;
      return Response.json(
        { error: { code: 403, status: 'PERMISSION_DENIED', message } },
        { status: 403 },
      );
    }
    return forward(request, `${kubeUrl}${pathname}${search}`);
  };
}

/** Firestore's documents: its emulator answers what IAM lets through. */
export function createFirestoreFront(google: Google, emulatorHost: string): Elsewhere {
  return async (request, member) => {
    const { host, pathname, search, searchParams } = new URL(request.url);
    if (host !== 'firestore.googleapis.com' || !pathname.includes('/documents')) return undefined;
    const text = await request.clone().text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const checked = google.check({
      host,
      verb: request.method,
      path: pathname,
      query: searchParams,
      member,
      body,
    });
    if (checked !== undefined) return Response.json(checked.body, { status: checked.status });
    return forward(request, `http://${emulatorHost}${pathname}${search}`);
  };
}

/** Sends a request on without the caller's token. */
async function forward(request: Request, url: string): Promise<Response> {
  const headers = new Headers(request.headers);
  for (const name of ['authorization', 'host', 'content-length', 'connection'])
    headers.delete(name);
  const { method } = request;
  const body = ['GET', 'HEAD'].includes(method) ? null : await request.arrayBuffer();
  const answer = await fetch(url, { method, headers, body });
  const kept = new Headers(answer.headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'keep-alive'])
    kept.delete(name);
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: kept });
}
