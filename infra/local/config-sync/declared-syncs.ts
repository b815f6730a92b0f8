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

const MANIFEST = /\.(?:yaml|yml|json)$/;

/**
 * The RSyncs among the files: a parent declares its children so (facts/config-sync.md section 7). What cannot be read
 * as one is another kind of object, which the local world does not apply.
 */
export function readDeclared(files: readonly Unpacked[]): DeclaredSync[] {
  return files.flatMap(({ path, content }) => {
    if (content === undefined || !MANIFEST.test(path)) return [];
    if (content.length > MANIFEST_FILE_LIMIT || !content.includes('configsync.gke.io/')) return [];
    return parseAllDocuments(content.toString()).flatMap((document) => {
      const parsed = declaredSchema.safeParse(document.errors.length > 0 ? null : document.toJS());
      return parsed.success ? [{ path, object: parsed.data }] : [];
    });
  });
}
