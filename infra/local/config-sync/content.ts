import { posix } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { MANIFEST_FILE_LIMIT } from './limits.ts';
import type { Unpacked } from './unpack-layers.ts';

const stringMap = z.record(z.string(), z.string());
const declaredSchema = z.looseObject({
  apiVersion: z.string().regex(/^configsync\.gke\.io\/v1(alpha|beta)1$/),
  kind: z.enum(['RootSync', 'RepoSync']),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
  }),
  spec: z.looseObject({}).optional(),
});

export type DeclaredObject = z.infer<typeof declaredSchema>;

/** An RSync that a source declares, and the file that does. */
export interface DeclaredSync {
  readonly path: string;
  readonly object: DeclaredObject;
}

/** What was pulled: the commit that names it, and the paths in it. */
export interface Content {
  readonly commit: string;
  readonly paths: readonly string[];
  /** The RSyncs among its objects; of an image only. */
  readonly declared?: readonly DeclaredSync[];
  /** The text of each file that is Kustomize's, by path. */
  readonly kustomizations?: ReadonlyMap<string, string>;
}

/** Names that Kustomize takes for its file. */
export const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const MANIFEST = /\.(?:yaml|yml|json)$/;

/** What the unpacked layers of an image hold. */
export function readContent(commit: string, unpacked: readonly Unpacked[]): Content {
  const declared = readDeclared(unpacked);
  const kustomizations = unpacked.flatMap(({ path, content }): [string, string][] =>
    content !== undefined && isKustomization(path) ? [[path, content.toString()]] : [],
  );
  return {
    commit,
    paths: unpacked.map(({ path }) => path),
    ...(declared.length === 0 ? {} : { declared }),
    ...(kustomizations.length === 0 ? {} : { kustomizations: new Map(kustomizations) }),
  };
}

/**
 * The RSyncs among the files: a parent declares its children so (docs/facts/config-sync.md#drift). What cannot be read
 * as one is another kind of object, which the local world does not apply.
 */
function readDeclared(files: readonly Unpacked[]): DeclaredSync[] {
  return files.flatMap(({ path, content }) => {
    if (content === undefined || !MANIFEST.test(path)) return [];
    if (content.length > MANIFEST_FILE_LIMIT || !content.includes('configsync.gke.io/')) return [];
    return parseAllDocuments(content.toString()).flatMap((document) => {
      const parsed = declaredSchema.safeParse(document.errors.length > 0 ? null : document.toJS());
      return parsed.success ? [{ path, object: parsed.data }] : [];
    });
  });
}

/** Whether the file is one of Kustomize's. */
export function isKustomization(path: string): boolean {
  return KUSTOMIZATIONS.includes(posix.basename(path));
}
