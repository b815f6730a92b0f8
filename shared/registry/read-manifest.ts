import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { defined } from '#shared/core/defined.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import type { ReleaseNotes } from '#shared/core/resolution.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import type { UnusableReason } from '#shared/core/verdict.ts';
import { parseJson } from '#shared/net/json.ts';
import { type StrictRules, parseStrictJson } from '#shared/net/strict-json.ts';
import { kindOf } from './media-type.ts';
import type { Manifest, Registry } from './registry.ts';

/** Far above what a real index lists, far below what makes reading it a burden. */
const MAX_CHILDREN = 1_000;
export const MAX_LAYERS = 1_000;

export const digestSchema: z.ZodType<Digest> = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'is not "sha256:" and 64 lower-case hex digits',
);

const annotations = z.record(z.string(), z.string()).nullish().catch(undefined);

/** What decides which child of an index is pulled: read by Config Sync's library, hence here; beside it, what it is of. */
export const indexSchema = z.lazy(() =>
  z.object({
    schemaVersion: z.literal(2),
    mediaType: z.string().optional(),
    annotations,
    manifests: z
      .array(
        z.object({
          mediaType: z.string(),
          digest: digestSchema,
          platform: z
            .object({ os: z.string().optional(), architecture: z.string().optional() })
            .nullish(),
        }),
      )
      .max(MAX_CHILDREN),
  }),
);

const imageSchema = z.lazy(() =>
  z.object({
    schemaVersion: z.literal(2),
    mediaType: z.string().optional(),
    config: z.object({ digest: digestSchema, mediaType: z.string().optional().catch(undefined) }),
    annotations,
    layers: z
      .array(z.object({ digest: digestSchema }))
      .min(1)
      .max(MAX_LAYERS),
  }),
);

const subjectSchema = z.lazy(() =>
  z.object({ subject: z.object({ digest: digestSchema }).nullish() }),
);

/** What Config Sync's library makes of a manifest. */
export type ManifestReading =
  /** `version`: what the manifest of a Helm chart says it is. */
  | { readonly type: 'image'; readonly version?: string; readonly notes: ReleaseNotes }
  /** An index, and the child that is pulled: the first for linux/amd64. */
  | { readonly type: 'index'; readonly child: Child; readonly notes: ReleaseNotes }
  | { readonly type: 'unusable'; readonly reason: UnusableReason; readonly problem: string };

export interface Child {
  readonly digest: Digest;
  readonly mediaType: string;
}

/** Names whose reading decides what is pulled. */
const FIELDS = [
  'annotations',
  'architecture',
  'config',
  'data',
  'digest',
  'layers',
  'manifests',
  'mediaType',
  'org.opencontainers.image.version',
  'os',
  'platform',
  'schemaVersion',
  'size',
  'urls',
];

/** Go matches names in any case, and the last one wins; annotations it reads exactly, so that `a` and `A` are two. */
const RULES: StrictRules = {
  maxDepth: 20,
  foldingIn: (outer, key) => (outer === 'fold' && key === 'annotations' ? 'exact' : 'fold'),
  fields: FIELDS,
};

/** Helm's "OCI artifact" document: the type of a chart's config; `helm push` annotates what `Chart.yaml` says. */
export const CHART_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
const VERSION_ANNOTATION = 'org.opencontainers.image.version';

const FOREIGN_TO_INDEX = ['blobs', 'config', 'fsLayers', 'layers'];
const FOREIGN_TO_IMAGE = ['blobs', 'fsLayers', 'manifests'];

/**
 * Reads a manifest as Config Sync does (docs/facts/config-sync.md#pulling): an index or an image by its Content-Type,
 * children in their order, a missing platform counting as linux/amd64, schema 1 refused. Where its library would shrug
 * at a contradiction (types that differ, an image that is also an index: CVE-2021-41190) it is refused, and so too an
 * image without layers, which would sync nothing and prune everything. `described` is the type the parent index gave.
 */
export function readManifest(manifest: Manifest, described?: string): ManifestReading {
  const parsed = parseStrictJson(manifest.bytes, RULES);
  if ('problem' in parsed) return notAnImage(parsed.problem);
  const served = manifest.contentType ?? manifest.mediaType;
  const kind = kindOf(served);
  if (kind === 'schema1') return notAnImage('is of Docker schema 1');
  const { mediaType } = manifest;
  if (kind !== 'unknown' && mediaType !== served) {
    return notAnImage(`says it is ${mediaType} and is served as ${served}`);
  }
  if (described !== undefined && kind !== 'unknown' && described !== served) {
    return notAnImage(`is listed as ${described} and served as ${served}`);
  }
  return kind === 'index' ? readIndex(parsed.value) : readImage(parsed.value, mediaType);
}

function readIndex(value: unknown): ManifestReading {
  const stray = strayKey(value, FOREIGN_TO_INDEX);
  if (stray !== undefined) return notAnImage(`is an index that has ${stray}`);
  const { success, data } = indexSchema.safeParse(value);
  if (!success) return notAnImage('is not an index that can be read');
  const child = data.manifests.find(({ platform }) => {
    return !platform || (platform.os === 'linux' && platform.architecture === 'amd64');
  });
  if (child !== undefined) return { type: 'index', child, notes: notesOf(data) };
  return {
    type: 'unusable',
    reason: 'no-linux-amd64-child',
    problem: 'has no child for linux/amd64',
  };
}

function readImage(value: unknown, mediaType: string): ManifestReading {
  const stray = strayKey(value, FOREIGN_TO_IMAGE);
  if (stray !== undefined) return notAnImage(`is an image that has ${stray}`);
  const { success, data } = imageSchema.safeParse(value);
  if (!success) return notAnImage('is not an image with layers that can be read');
  if (data.mediaType !== undefined && kindOf(data.mediaType) !== 'image') {
    return notAnImage(`is of type ${mediaType}`);
  }
  const version =
    data.config.mediaType === CHART_CONFIG ? data.annotations?.[VERSION_ANNOTATION] : undefined;
  return defined({ type: 'image' as const, version, notes: notesOf(data) });
}

/** Characters of one annotation: a commit, or a URL. */
const MAX_NOTE = 256;

function notesOf({
  annotations: found,
}: {
  readonly annotations?: Readonly<Record<string, string>> | null | undefined;
}): ReleaseNotes {
  const read = (name: string): string | undefined => {
    const text = found?.[`org.opencontainers.image.${name}`] ?? '';
    return text === '' ? undefined : cleanLine(cutText(withoutUrlSecrets(text), MAX_NOTE));
  };
  return defined({ revision: read('revision'), source: read('source') });
}

function strayKey(value: unknown, foreign: readonly string[]): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return foreign.find((key) => Object.hasOwn(value, key));
}

function notAnImage(problem: string): ManifestReading {
  return { type: 'unusable', reason: 'not-an-image', problem };
}

/**
 * The digest that an untagged manifest refers to (OCI image-spec 1.1, `subject`): what a signature signs. Undefined
 * for what refers to nothing, or is gone by now. Throws what the registry throws.
 */
export async function readSubject(
  registry: Pick<Registry, 'manifest'>,
  repository: string,
  digest: Digest,
): Promise<Digest | undefined> {
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) return undefined;
  return subjectSchema.safeParse(parseJson(manifest.bytes)).data?.subject?.digest;
}
