import * as z from 'zod';
import { type Content, decompress, readContent, readTar, unpackLayers } from './unpack-layers.ts';
import {
  parseImageName,
  createRegistryClient,
  type FetchedManifest,
  type RegistryClient,
} from './registry-client.ts';
import type { Lifetime } from './lifetime.ts';
import { OCI_PERIOD, type Pace, parseDuration, scalePull } from './pace.ts';
import type { Spec } from './rsync.ts';

/** `spec.helm.period` where it names none. */
const HELM_PERIOD = 3_600_000;

/** oci-sync and helm-sync: first wait after a failed pull, doubled up to the cap or the period, whichever is longer. */
const PULL_BACKOFF = 1_000;
const PULL_BACKOFF_CAP = 3_600_000;

/** `--max-sync-failures`: after so many in a row the container exits and begins anew. */
const MAX_PULL_FAILURES = 30;

/** One pull, with everything that belongs to it. Not shortened. */
const PULL_TIMEOUT = 120_000;

/** Layers of one image, and indexes within indexes. Own. */
const LAYERS_LIMIT = 128;
const INDEX_DEPTH = 3;

/** The container beside the reconciler that brings its source. */
export interface Source {
  readonly container: 'oci-sync' | 'helm-sync' | 'git-sync';
  readonly state: () => SourceState;
  /** Tries a pull that failed again now, as a person does who restarts the reconciler. */
  readonly retryPull: () => void;
}

/**
 * Starts the container for a valid spec. There is no git in the local world: its state is a failure that says so,
 * rather than a sync that never happened.
 */
export function startSource(spec: Spec, deps: { pace: Pace; lifetime: Lifetime }): Source {
  const { sourceType, oci, helm } = spec;
  switch (sourceType) {
    case 'oci': {
      const image = oci?.image ?? '';
      // By digest it is pulled once and never again.
      const period = image.includes('@') ? undefined : periodOf(oci?.period, OCI_PERIOD);
      return {
        container: 'oci-sync',
        ...startSourceSync({ ...deps, pull: pullImage(image), period }),
      };
    }
    case 'helm': {
      const { repo = '', chart = '', version = '' } = helm ?? {};
      // A chart pushed anew under its version is not seen.
      const period = version === '' ? periodOf(helm?.period, HELM_PERIOD) : undefined;
      const pull = pullChart({ repo, chart, version });
      return { container: 'helm-sync', ...startSourceSync({ ...deps, pull, period }) };
    }
    case 'git': {
      const why = 'git is not in the local world; use an OCI source';
      return {
        container: 'git-sync',
        state: () => ({ type: 'failed', why }),
        retryPull: () => undefined,
      };
    }
  }
}

// A period of zero means the default (docs/facts/config-sync.md#api).
function periodOf(text: string | undefined, otherwise: number): number {
  return (text === undefined ? undefined : parseDuration(text)) || otherwise;
}

/** Gets the content once; `known` is what is there already, given back where nothing has changed. */
type Pull = (signal: AbortSignal, known: Content | undefined) => Promise<Content>;

export type SourceState =
  | { readonly type: 'waiting' }
  | { readonly type: 'failed'; readonly why: string }
  | { readonly type: 'ready'; readonly content: Content };

interface SourceSyncOptions {
  readonly pull: Pull;
  /** Milliseconds between pulls on a real cluster; undefined: pulled once, then never again. */
  readonly period: number | undefined;
  readonly pace: Pace;
  readonly lifetime: Lifetime;
}

/** oci-sync or helm-sync: pulls at its period, backs off after failures, and forgets nothing that it has. */
export function startSourceSync(options: SourceSyncOptions): Pick<Source, 'state' | 'retryPull'> {
  const { pull, period, pace, lifetime } = options;
  let state: SourceState = { type: 'waiting' };
  let known: Content | undefined;
  let failures = 0;
  let pulling = false;
  let cancelNext = (): void => undefined;

  async function turn(): Promise<void> {
    pulling = true;
    try {
      known = await lifetime.limit(PULL_TIMEOUT, (signal) => pull(signal, known));
      state = { type: 'ready', content: known };
      failures = 0;
      if (period !== undefined) lifetime.after(scalePull(pace, period), turn);
    } catch (error) {
      state = { type: 'failed', why: error instanceof Error ? error.message : String(error) };
      failures = failures >= MAX_PULL_FAILURES ? 0 : failures + 1;
      cancelNext = lifetime.after(scalePull(pace, pullBackoff(failures, period)), turn);
    } finally {
      pulling = false;
    }
  }

  lifetime.launch(turn);
  return {
    state: () => state,
    retryPull() {
      if (state.type !== 'failed') return;
      // One that is under way may have asked before there was an answer: it is followed by another soon.
      failures = 0;
      if (pulling) return;
      cancelNext();
      lifetime.launch(turn);
    },
  };
}

/** Milliseconds of a real cluster after so many failures in a row; 0, after the last one allowed, begins anew. */
export function pullBackoff(failures: number, period = 0): number {
  const cap = Math.max(PULL_BACKOFF_CAP, period);
  return Math.min(PULL_BACKOFF * 2 ** Math.max(failures - 1, 0), cap);
}

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const IMAGES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const indexSchema = z.object({
  manifests: z.array(
    z.object({
      digest,
      platform: z.object({ os: z.string(), architecture: z.string() }).nullish(),
    }),
  ),
});
/** Config and artifactType are not read. */
const imageSchema = z.object({ layers: z.array(z.object({ digest })).max(LAYERS_LIMIT) });

/**
 * oci-sync's pull (docs/facts/config-sync.md#pulling): one GET by tag or digest, an index followed to its first
 * linux/amd64 child, whose digest is the one that counts. What is there already is not unpacked again.
 */
export function pullImage(image: string): Pull {
  return async (signal, known) => {
    const name = parseImageName(image);
    const registry = createRegistryClient(name, signal);
    const manifest = await findImage(registry, name.reference, INDEX_DEPTH).catch(
      (cause: unknown) => {
        throw new Error(`failed to pull image ${image}: ${reasonOf(cause)}`, { cause });
      },
    );
    const commit = manifest.digest.slice('sha256:'.length);
    if (known?.commit === commit) return known;
    try {
      return readContent(commit, await unpackLayers(await fetchLayers(registry, manifest)));
    } catch (cause) {
      throw new Error(`failed to extract the image: ${reasonOf(cause)}`, { cause });
    }
  };
}

function fetchLayers(registry: RegistryClient, { bytes }: FetchedManifest): Promise<Buffer[]> {
  const { layers } = imageSchema.parse(JSON.parse(bytes.toString()));
  return Promise.all(layers.map((layer) => registry.blob(layer.digest)));
}

async function findImage(
  registry: RegistryClient,
  reference: string,
  depth: number,
): Promise<FetchedManifest> {
  const manifest = await registry.manifest(reference);
  if (IMAGES.includes(manifest.mediaType)) return manifest;
  if (!INDEXES.includes(manifest.mediaType)) {
    throw new Error(`unsupported MediaType: "${manifest.mediaType}"`);
  }
  if (depth === 0) throw new Error('indexes are nested too deeply');
  const { manifests } = indexSchema.parse(JSON.parse(manifest.bytes.toString()));
  // A child without a platform counts as linux/amd64.
  const child = manifests.find(
    ({ platform }) => !platform || (platform.os === 'linux' && platform.architecture === 'amd64'),
  );
  if (child === undefined)
    throw new Error(`no child with platform linux/amd64 in index ${reference}`);
  return findImage(registry, child.digest, depth - 1);
}

/** What went wrong, with the reason that fetch hides in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

interface Chart {
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
      const layers = await fetchLayers(registry, manifest);
      const archives = await Promise.all(layers.map(decompress));
      return {
        commit,
        paths: archives.flatMap((one) => [...readTar(one)].map(({ path }) => path)),
      };
    } catch (cause) {
      throw new Error(`failed to render the helm chart: ${reasonOf(cause)}`, { cause });
    }
  };
}

// `latest` is a word like a version: it stays the same for ever (docs/facts/gate.md#charts).
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
