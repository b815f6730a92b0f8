import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';

const HOST = /^([a-z0-9-]+)-docker\.pkg\.dev$/;

/** An image in Artifact Registry, as its API names it. */
export interface ArtifactName {
  /** `projects/P/locations/L/repositories/R`. */
  readonly parent: string;
  /** Its slashes are written `%2F`, which the client's own helpers leave out (docs/facts/google-cloud.md#artifact-registry). */
  readonly image: string;
}

/**
 * The name of an image in Artifact Registry; undefined for a repository that is not on `L-docker.pkg.dev`.
 *
 * @example
 * artifactName('us-docker.pkg.dev/acme/configs/platform')?.image // 'platform'
 */
export function artifactName(repository: string): ArtifactName | undefined {
  const [host = '', ...segments] = repository.split('/');
  const location = HOST.exec(host)?.[1];
  // Projects of a domain: `example.com/project` in paths is `example.com:project` in names.
  const scoped = segments[0]?.includes('.') ? 2 : 1;
  const project = segments.slice(0, scoped).join(':');
  const [name, ...image] = segments.slice(scoped);
  if (location === undefined || name === undefined || image.length === 0) return undefined;
  const parent = `projects/${project}/locations/${location}/repositories/${name}`;
  return { parent, image: image.join('%2F') };
}

const rpcErrorSchema = z.object({ code: z.number() });
const NOT_FOUND: readonly number[] = [5, 404];
// UNAUTHENTICATED and PERMISSION_DENIED, in gRPC and in HTTP.
const DENIED: readonly number[] = [7, 16, 401, 403];

function codeOf(cause: unknown): number {
  return rpcErrorSchema.safeParse(cause).data?.code ?? 0;
}

/** Whether the API says that there is no such image. */
export function isNotFound(cause: unknown): boolean {
  return NOT_FOUND.includes(codeOf(cause));
}

/** The failure behind what its client throws: `registry-denied`, with the fix, or `registry-unavailable`. */
export function artifactFailure(cause: unknown, repository: string): CountersignError {
  const message = `Artifact Registry does not list the tags in ${repository}`;
  if (!DENIED.includes(codeOf(cause))) {
    return new CountersignError('registry-unavailable', message, { cause });
  }
  const fix = disabledApiFix(cause) ?? 'grant roles/artifactregistry.reader on the repository';
  return new CountersignError('registry-denied', `${message}: ${fix}`, { cause });
}
