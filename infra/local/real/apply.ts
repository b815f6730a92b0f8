import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { SendKube } from './kube-request.ts';

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** Where objects are applied: as the administrator. */
interface Target {
  readonly send: SendKube;
}

/** Applies every document of a YAML text. */
export async function applyYaml(target: Target, yaml: string): Promise<void> {
  for (const document of parseAllDocuments(yaml)) {
    const value: unknown = document.toJS();
    if (value !== null) await applyObject(target, value);
  }
}

/** By server-side apply, so that what is there is brought up to date. */
export async function applyObject({ send }: Target, value: unknown): Promise<void> {
  const object = objectSchema.parse(value);
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const within = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  const path = `${root}${within}/${plural}/${metadata.name}?fieldManager=local-world&force=true`;
  const type = 'application/apply-patch+yaml';
  const answer = await send({ method: 'PATCH', path, type, body: object });
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
}
