import type { Digest } from '#shared/core/digest.ts';
import { once } from '#shared/net/single-flight.ts';
import { artifactFailure, artifactName, isNotFound } from './artifact-name.ts';
import type { ArtifactTags } from './artifact-tags.ts';

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
      if (isNotFound(cause)) return [];
      throw artifactFailure(cause, repository);
    }
  };
}

/** Loads and constructs the real client, with application default credentials. */
export async function loadDockerImages(): Promise<DockerImages & ArtifactTags> {
  const { ArtifactRegistryClient } = await import('@google-cloud/artifact-registry');
  return new ArtifactRegistryClient();
}

/** `projects/P/locations/L/repositories/R/dockerImages/IMG@sha256:…`. */
function dockerImageName(repository: string, digest: Digest): string | undefined {
  const found = artifactName(repository);
  return found && `${found.parent}/dockerImages/${found.image}@${digest}`;
}
