import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { configSyncKinds, type Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';

const FOLDER = join(import.meta.dirname, '../../kubernetes/crds');

const crdSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    names: z.looseObject({}),
    versions: z.array(
      z.looseObject({ name: z.string(), schema: z.object({ openAPIV3Schema: z.looseObject({}) }) }),
    ),
  }),
});

export type Crd = z.infer<typeof crdSchema> & KubeObject;

/** Config Sync's CustomResourceDefinitions as infra/kubernetes/crds has them, by plural. */
export const crds: ReadonlyMap<string, Crd> = new Map(
  configSyncKinds.map(({ plural }) => [plural, readCrd(plural)]),
);

/** The OpenAPI schema of a kind; undefined where it has no CRD here. All versions share one. */
export function crdSchemaOf(kind: Pick<Kind, 'plural'>): object | undefined {
  return crds.get(kind.plural)?.spec.versions[0]?.schema.openAPIV3Schema;
}

function readCrd(plural: string): Crd {
  return crdSchema.parse(parse(readFileSync(join(FOLDER, `${plural}.yaml`), 'utf8')));
}
