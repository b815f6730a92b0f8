import { describe, expect, it } from 'vitest';
import { createArtifactLookup, type DockerImages } from '#shared/registry/artifact-lookup.ts';
import { codeOf, sha256 } from './scripted-registry.ts';

const DIGEST = sha256('x');

function lookup(getDockerImage: DockerImages['getDockerImage']) {
  let loads = 0;
  const lookUp = createArtifactLookup(async () => {
    loads += 1;
    return { getDockerImage };
  });
  return { lookUp, loads: () => loads };
}

describe('createArtifactLookup()', () => {
  it.each([
    ['us-docker.pkg.dev/acme/configs/platform', 'acme', 'us', 'configs', 'platform'],
    ['europe-west4-docker.pkg.dev/acme/c/a/b/c', 'acme', 'europe-west4', 'c', 'a%2Fb%2Fc'],
    ['us-docker.pkg.dev/acme.example/p/c/a', 'acme.example:p', 'us', 'c', 'a'],
  ])('names %s as the API does', async (repository, project, location, name, image) => {
    const names: string[] = [];
    const { lookUp } = lookup(async (request) => {
      names.push(request.name);
      return [{ tags: ['v1'] }, undefined];
    });
    expect(await lookUp(repository, DIGEST)).toEqual(['v1']);
    const parent = `projects/${project}/locations/${location}/repositories/${name}`;
    expect(names).toEqual([`${parent}/dockerImages/${image}@${DIGEST}`]);
  });

  it.each(['gcr.io/acme/a', 'us-docker.pkg.dev/acme/c', 'us-docker.pkg.dev.evil.test/a/b/c'])(
    'leaves %s to others, and loads nothing for it',
    async (repository) => {
      const { lookUp, loads } = lookup(async () => [{}]);
      expect(await lookUp(repository, DIGEST)).toBeUndefined();
      expect(loads()).toBe(0);
    },
  );

  it('loads its client once', async () => {
    const { lookUp, loads } = lookup(async () => [{ tags: null }]);
    expect(await lookUp('us-docker.pkg.dev/p/r/i', DIGEST)).toEqual([]);
    await lookUp('us-docker.pkg.dev/p/r/i', DIGEST);
    expect(loads()).toBe(1);
  });

  it.each([
    [5, 'none'],
    [404, 'none'],
    [7, 'registry-denied'],
    [16, 'registry-denied'],
    [403, 'registry-denied'],
    [8, 'registry-unavailable'],
    [14, 'registry-unavailable'],
    [undefined, 'registry-unavailable'],
  ])('takes the status %s for %s', async (code, expected) => {
    const { lookUp } = lookup(() => Promise.reject(Object.assign(new Error('x'), { code })));
    expect(await codeOf(lookUp('us-docker.pkg.dev/p/r/i', DIGEST))).toBe(expected);
  });
});
