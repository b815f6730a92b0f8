import { CountersignError } from '#shared/core/errors.ts';
import { tryReference } from '#shared/core/reference.ts';

/** A repository of Artifact Registry, as its API and gcloud name it. */
const RESOURCE = /^projects\/([^/]+)\/locations\/([a-z0-9-]+)\/repositories\/([a-z0-9-]+)$/;
/** The host of Artifact Registry's Docker repositories, and their two first segments: project and repository. */
const REPOSITORY = /^[a-z0-9-]+-docker\.pkg\.dev\/(?:[^/]+\.[^/]+\/)?[^/]+\/[^/]+$/;

/**
 * The pattern for `images[].match` of what a person writes: a pattern, an image with or without its tag, a repository
 * of Artifact Registry by its host or its full name, which is all of its images. Throws `bad-request`.
 *
 * @example
 * imagePattern('projects/acme/locations/us/repositories/configs') // us-docker.pkg.dev/acme/configs/**
 */
export function imagePattern(text: string): string {
  const written = text.trim().replace(/^oci:\/\//, '');
  const [, project, location, name] = RESOURCE.exec(written) ?? [];
  if (project !== undefined) {
    // A project of a domain, `acme.example:configs`, is two segments of an image's path.
    return `${location}-docker.pkg.dev/${project.replace(':', '/')}/${name}/**`;
  }
  if (written.includes('*')) return written;
  const reference = tryReference(written);
  if (reference === undefined || !written.includes('/')) {
    const message = `${JSON.stringify(text)} is not an image: write HOST/PATH, HOST/PATH/** or projects/P/locations/L/repositories/R`;
    throw new CountersignError('bad-request', message);
  }
  const { repository } = reference;
  return REPOSITORY.test(repository) ? `${repository}/**` : repository;
}
