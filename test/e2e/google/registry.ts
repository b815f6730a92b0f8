import { createRegistryApp } from '#infra/local/registry/start-registry.ts';
import type { Elsewhere } from './front.ts';
import type { Google } from './google.ts';

const SERVICE = 'artifactregistry.googleapis.com';
const HOST = /^([a-z0-9-]+)-docker\.pkg\.dev$/;

/** Artifact Registry's Docker hosts: the registry of the local world, behind the permissions of each repository. */
export function createRegistryFront(google: Google): Elsewhere {
  const app = createRegistryApp({ host: 'us-central1-docker.pkg.dev' });

  async function isTagged(request: Request): Promise<boolean> {
    return (
      await app.fetch(new Request(request.url, { method: 'HEAD', headers: { accept: '*/*' } }))
    ).ok;
  }

  /** Google documents these for pulls, pushes and tags: cloud.google.com/artifact-registry/docs/access-control. */
  async function neededFor(request: Request): Promise<readonly string[]> {
    if (['GET', 'HEAD'].includes(request.method))
      return ['artifactregistry.repositories.downloadArtifacts'];
    const upload = 'artifactregistry.repositories.uploadArtifacts';
    const tag =
      request.method === 'PUT' && /\/manifests\/[^/:]+$/.test(new URL(request.url).pathname);
    if (!tag) return [upload];
    return [
      upload,
      (await isTagged(request)) ? 'artifactregistry.tags.update' : 'artifactregistry.tags.create',
    ];
  }

  return async (request, member) => {
    const { host, pathname } = new URL(request.url);
    const [, location] = HOST.exec(host) ?? [];
    if (location === undefined) return undefined;
    if (member === undefined) {
      const challenge = `Bearer realm="https://${host}/v2/token",service="${host}"`;
      return new Response('{}', { status: 401, headers: { 'www-authenticate': challenge } });
    }
    if (pathname === '/v2/token') return Response.json({ token: `member:${member}` });
    const [, , project = '', repository] = pathname.split('/');
    const off = google.disabled(project, SERVICE, 'Artifact Registry API');
    if (off !== undefined) {
      const { message } = Object(off.body).error;
      return Response.json({ errors: [{ code: 'DENIED', message }] }, { status: 403 });
    }
    if (repository !== undefined && repository !== '') {
      const on = `artifactregistry/projects/${project}/locations/${location}/repositories/${repository}`;
      for (const permission of await neededFor(request)) {
        if (google.permit(member, `Docker: ${request.method}`, permission, on)) continue;
        const message = `Permission "${permission}" denied on resource "${on}"`;
        return Response.json({ errors: [{ code: 'DENIED', message }] }, { status: 403 });
      }
    }
    return app.fetch(request);
  };
}
