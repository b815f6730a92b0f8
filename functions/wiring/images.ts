import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '#shared/config/config.ts';
import { createImageRules, type ImageRules } from '#shared/config/image-rules.ts';
import type { Tracks } from '#shared/config/tracks.ts';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import { createContentReader } from '#shared/content/read-content.ts';
import { createContentVerifier } from '#shared/content/content-verifier.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { createPauses, type SharedPauses } from '#shared/net/pauses.ts';
import { proxyVariables } from '#shared/net/proxy-variables.ts';
import { runProgram } from '#shared/net/run-program.ts';
import { type Serial, createSerial } from '#shared/net/serial.ts';
import { type BurstResolver, createBurstResolver } from '#shared/registry/burst.ts';
import { listLayers } from '#shared/registry/list-layers.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { type Verifier, createVerifier } from '#shared/trust/verifier.ts';
import { type Stream, listVersions } from '#shared/reconcile/list-versions.ts';
import type { ResolveNow } from '#shared/rollouts/way-back.ts';
import { traceResolver, traceVerifier } from '#shared/telemetry/trace-steps.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import { createHelpers } from '#shared/registry/credential-helper.ts';
import { createHostFetch } from '#shared/registry/host-fetch.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import type { BlobSource, Registry, TagLister, TagPages } from '#shared/registry/registry.ts';
import { loadDockerImages } from '#shared/registry/artifact-lookup.ts';
import { createArtifactTags } from '#shared/registry/artifact-tags.ts';
import { type ListTags, createListTags } from '#shared/registry/list-tags.ts';
import type { Store, TrackNote } from '#shared/store/store.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';
import { processVariables } from './start.ts';

/** The registry past every cache, for tags, and the one that remembers what digests name. */
export interface Registries {
  readonly plain: Registry & TagLister & TagPages & BlobSource;
  readonly cached: Registry & BlobSource;
}

export interface RegistriesOptions {
  readonly limits?: Partial<RegistryLimits>;
  /** Where other processes learn of a registry that is busy, and this one of theirs; absent: nowhere. */
  readonly store?: Pick<Store, 'readNote' | 'writeNote'>;
}

/** As docker has it. */
function dockerFolder(): string {
  return processVariables()['DOCKER_CONFIG'] || join(homedir(), '.docker');
}

function sharePauses(store: NonNullable<RegistriesOptions['store']>): SharedPauses {
  return {
    async read(host) {
      const note = await store.readNote('pause', host);
      return note === undefined ? undefined : Date.parse(note.until);
    },
    write: (host, until) =>
      store.writeNote('pause', host, { until: new Date(until).toISOString() }),
  };
}

/**
 * The registries that the config allows.
 *
 * @example
 * const { plain, cached } = openRegistries(base);
 */
export function openRegistries(
  { config: { registries }, now }: Pick<Base, 'now'> & { config: Pick<Config, 'registries'> },
  { limits = {}, store }: RegistriesOptions = {},
): Registries {
  const time = (): number => now().getTime();
  const plain = createRegistry({
    fetch: createHostFetch({
      fetch,
      registries,
      readFile: (path) => readFile(path, 'utf8'),
      proxyEnv: proxyVariables(processVariables()),
    }),
    registries,
    now,
    limits,
    pauses: createPauses({ now: time, ...(store && { shared: sharePauses(store) }) }),
    googleToken: openGoogleToken(),
    dockerConfig: () => readFile(join(dockerFolder(), 'config.json'), 'utf8'),
    askHelper: createHelpers(runProgram),
    resolveHost: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  });
  return { plain, cached: createCachedRegistry(plain) };
}

/**
 * What references are in the registry now. `plain`: the registry past every cache.
 *
 * @example
 * const { image } = await openResolveNow(openRegistries(base).plain, now)(reference);
 */
export function openResolveNow(plain: Registry, now: () => Date): ResolveNow {
  return (reference) => resolveImage(plain, reference, { fresh: true, now });
}

/**
 * The tags of a repository. `plain`: the registry past every cache.
 *
 * @example
 * const { complete } = await openListTags(openRegistries(base).plain)(repository, take);
 */
export function openListTags(plain: Registries['plain']): ListTags {
  return createListTags({ registry: plain, artifacts: createArtifactTags(loadDockerImages) });
}

/**
 * The versions of a repository, listed once for a command that has no store. `plain`: the registry past every cache.
 *
 * @example
 * const note = await openListed(base, openRegistries(base).plain)({ repository, rule, kind: 'image' });
 */
export function openListed(
  { now, tracks }: Pick<Base, 'now' | 'tracks'>,
  plain: Registries['plain'],
): (stream: Stream) => Promise<TrackNote> {
  const listTags = openListTags(plain);
  const known = new Map<string, Promise<TrackNote>>();
  return (stream) => {
    const name = `${stream.kind} ${stream.repository}`;
    const listed = known.get(name) ?? listVersions(stream, { listTags, now, tracks });
    known.set(name, listed);
    return listed;
  };
}

/** What it takes to say what an image is. */
export interface Images {
  readonly resolver: BurstResolver;
  readonly verifier: Verifier;
  readonly rules: ImageRules;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly tracks: Tracks | undefined;
  readonly serial: Serial;
}

/**
 * Resolution and verification, signatures and content, over a registry that remembers what digests name.
 *
 * @example
 * const { resolver, verifier, rules } = openImages(base, openRegistries(base).cached);
 */
export function openImages(
  base: Pick<Base, 'now' | 'telemetry' | 'tracks'> & {
    readonly config: Pick<Config, 'images' | 'trust'>;
  },
  registry: Registry & BlobSource,
): Images {
  const { config, now } = base;
  const { tracing } = base.telemetry;
  const time = (): number => now().getTime();
  const keys = createKeyLoader({ kms: { fetch, googleToken: openGoogleToken(), now: time } });
  const rules = createImageRules(config.images);
  const verifier = createContentVerifier({
    verifier: createVerifier({ registry, keys, now: time }),
    content: createContentReader({
      blobs: registry,
      layersOf: ({ repository, digest }) => listLayers(registry, repository, digest),
    }),
    now: time,
    ruleOf: (repository) => rules.match(repository)?.content ?? DEFAULT_CONTENT,
  });
  return {
    resolver: traceResolver(
      createBurstResolver({
        now,
        resolve: (reference, { fresh }) => resolveImage(registry, reference, { fresh, now }),
      }),
      tracing,
    ),
    verifier: traceVerifier(verifier, tracing),
    rules,
    policies: new Map(Object.entries(config.trust)),
    tracks: base.tracks,
    serial: createSerial(),
  };
}
