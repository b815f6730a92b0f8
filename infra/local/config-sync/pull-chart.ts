import { parseImageName } from './image-name.ts';
import { imageSchema, reasonOf } from './pull-image.ts';
import { readTar } from './read-tar.ts';
import { createRegistryClient } from './registry-client.ts';
import type { Pull } from './source-sync.ts';
import { decompress } from './unpack-layers.ts';

export interface Chart {
  readonly repo: string;
  readonly chart: string;
  /** Empty for the newest. */
  readonly version: string;
}

const OCI_SCHEME = 'oci://';
const STABLE = /^v?(\d+)\.(\d+)\.(\d+)(?:[+_][0-9A-Za-z.-]+)?$/;
const EXACT = /^v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?$/;

/**
 * helm-sync's pull from an OCI registry: the version is a tag, and is the commit too. Without one the newest stable
 * version counts, looked up at each period. Ranges are not worked out here, and fail saying so. Helm over http is not
 * part of the local world either.
 */
export function pullChart({ repo, chart, version }: Chart): Pull {
  return async (signal, known) => {
    try {
      if (!repo.startsWith(OCI_SCHEME)) throw new Error('Helm over http is not in the local world');
      const image = `${repo.slice(OCI_SCHEME.length)}/${chart}`;
      const registry = createRegistryClient(parseImageName(image), signal);
      const commit = version === '' ? newestOf(await registry.tags()) : requireExact(version);
      if (known?.commit === commit) return known;
      // A tag has no "+": Helm writes "_" for it.
      const manifest = await registry.manifest(commit.replaceAll('+', '_'));
      const { layers } = imageSchema.parse(JSON.parse(manifest.bytes.toString()));
      const blobs = await Promise.all(layers.map((layer) => registry.blob(layer.digest)));
      const archives = await Promise.all(blobs.map((blob) => decompress(blob)));
      return {
        commit,
        paths: archives.flatMap((archive) => [...readTar(archive)]).map(({ path }) => path),
      };
    } catch (cause) {
      throw new Error(`failed to render the helm chart: ${reasonOf(cause)}`, { cause });
    }
  };
}

/** Whether the chart is fetched once and never again: a chart pushed anew under its version is not seen. */
export function isStatic(version: string): boolean {
  return version !== '';
}

// `latest` is a word like a version: it stays the same for ever (facts/gate.md).
function requireExact(version: string): string {
  if (version === 'latest' || EXACT.test(version)) return version;
  throw new Error(
    `version "${version}" is not one exact version, and ranges are not worked out here`,
  );
}

/** The highest version without a pre-release among tags; throws where there is none. */
export function newestOf(tags: readonly string[]): string {
  const versions = tags.flatMap((tag) => {
    const parts = STABLE.exec(tag)?.slice(1).map(Number);
    return parts === undefined ? [] : [{ tag, parts }];
  });
  const newest = versions.toSorted((one, other) => compare(other.parts, one.parts))[0];
  if (newest === undefined) throw new Error('no stable version among its tags');
  return newest.tag.replaceAll('_', '+');
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
