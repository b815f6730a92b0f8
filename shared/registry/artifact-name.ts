import type { Digest } from '#shared/core/digest.ts';

const HOST = /^([a-z0-9-]+)-docker\.pkg\.dev$/;

/**
 * The resource name of an image in Artifact Registry: `projects/P/locations/L/repositories/R/dockerImages/IMG@sha256:…`,
 * its slashes written `%2F`, which the client's own helpers leave out (google-cloud.md section 3). Undefined for a
 * repository that is not on `L-docker.pkg.dev`.
 */
export function dockerImageName(repository: string, digest: Digest): string | undefined {
  const [host = '', ...segments] = repository.split('/');
  const location = HOST.exec(host)?.[1];
  // Projects of a domain: `example.com/project` in paths is `example.com:project` in names.
  const scoped = segments[0]?.includes('.') ? 2 : 1;
  const project = segments.slice(0, scoped).join(':');
  const [name, ...image] = segments.slice(scoped);
  if (location === undefined || name === undefined || image.length === 0) return undefined;
  return `projects/${project}/locations/${location}/repositories/${name}/dockerImages/${image.join('%2F')}@${digest}`;
}
