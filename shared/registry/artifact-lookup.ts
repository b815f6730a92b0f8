import * as z from 'zod';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { once } from '#shared/net/single-flight.ts';

/**
 * The tags of `digest` itself, by Artifact Registry's own API; empty where it has none or is absent, undefined where the
 * repository is not Artifact Registry's. Throws `registry-denied`, `registry-unavailable`.
 */
export type ArtifactLookup = (
  repository: string,
  digest: Digest,
) => Promise<readonly string[] | undefined>;

/** The one call of `@google-cloud/artifact-registry` that is used. */
export interface DockerImages {
  getDockerImage(
    request: { readonly name: string },
    options: { readonly timeout: number },
  ): Promise<readonly [{ readonly tags?: readonly string[] | null }, ...unknown[]]>;
}

const CALL_MS = 10_000;
const rpcErrorSchema = z.object({ code: z.number() });
const NOT_FOUND: readonly number[] = [5, 404];
// UNAUTHENTICATED and PERMISSION_DENIED, in gRPC and in HTTP.
const DENIED: readonly number[] = [7, 16, 401, 403];

/**
 * `load` gives the client at its first use: it is heavy, and most instances never need it.
 *
 * @example
 * const lookUp = createArtifactLookup(loadDockerImages);
 * const tags = await lookUp('us-docker.pkg.dev/acme/configs/platform', digest);
 */
export function createArtifactLookup(load: () => Promise<DockerImages>): ArtifactLookup {
  const client = once(load);
  return async (repository, digest) => {
    const name = dockerImageName(repository, digest);
    if (name === undefined) return undefined;
    const images = await client();
    try {
      const [image] = await images.getDockerImage({ name }, { timeout: CALL_MS });
      return image.tags ?? [];
    } catch (cause) {
      const code = rpcErrorSchema.safeParse(cause).data?.code ?? 0;
      if (NOT_FOUND.includes(code)) return [];
      const message = `Artifact Registry does not list the tags in ${repository}`;
      if (!DENIED.includes(code)) {
        throw new CountersignError('registry-unavailable', message, { cause });
      }
      const fix = disabledApiFix(cause) ?? 'grant roles/artifactregistry.reader on the repository';
      throw new CountersignError('registry-denied', `${message}: ${fix}`, { cause });
    }
  };
}

/** Loads and constructs the real client, with application default credentials. */
export async function loadDockerImages(): Promise<DockerImages> {
  const { ArtifactRegistryClient } = await import('@google-cloud/artifact-registry');
  return new ArtifactRegistryClient();
}

const HOST = /^([a-z0-9-]+)-docker\.pkg\.dev$/;

/**
 * The resource name of an image in Artifact Registry:
 * `projects/P/locations/L/repositories/R/dockerImages/IMG@sha256:…`, its slashes written `%2F`, which the client's own
 * helpers leave out (docs/facts/google-cloud.md#artifact-registry). Undefined for a repository that is not on
 * `L-docker.pkg.dev`.
 */
function dockerImageName(repository: string, digest: Digest): string | undefined {
  const [host = '', ...segments] = repository.split('/');
  const location = HOST.exec(host)?.[1];
  // Projects of a domain: `example.com/project` in paths is `example.com:project` in names.
  const scoped = segments[0]?.includes('.') ? 2 : 1;
  const project = segments.slice(0, scoped).join(':');
  const [name, ...image] = segments.slice(scoped);
  if (location === undefined || name === undefined || image.length === 0) return undefined;
  return `projects/${project}/locations/${location}/repositories/${name}/dockerImages/${image.join('%2F')}@${digest}`;
}
