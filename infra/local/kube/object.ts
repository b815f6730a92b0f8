import * as z from 'zod';

const stringMap = z.record(z.string(), z.string());

/** Go clients send `creationTimestamp: null`; the API server reads null as absent. */
function dropNulls(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null));
}

const metadataSchema = z.preprocess(
  dropNulls,
  z.looseObject({
    name: z.string().default(''),
    generateName: z.string().optional(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.int().optional(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
    deletionGracePeriodSeconds: z.int().optional(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
    finalizers: z.array(z.string()).optional(),
    ownerReferences: z.array(z.looseObject({})).optional(),
  }),
);

/** What every request body must be: any object, with the metadata that the server works on. */
export const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
});

/** One Kubernetes object. Stored objects are never changed in place. */
export type KubeObject = z.infer<typeof objectSchema>;
export type Metadata = KubeObject['metadata'];

/** Whether a value is a plain JSON object, not an array and not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path, or undefined where a step is missing. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value;
  for (const step of path.split('.')) {
    if (!isRecord(current) || !Object.hasOwn(current, step)) return undefined;
    current = current[step];
  }
  return current;
}
