import { fc } from '#test/fixtures/fast-check.ts';
import type { KubeCall } from '#infra/local/real/kube-request.ts';

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const MANAGERS = ['a', 'b', 'c'] as const;

/** Where the object of a history is. */
export interface Place {
  readonly path: string;
  readonly name: string;
}

/** What happens to one object: of which kind it is, and each call in its order. */
export interface History {
  readonly kind: 'ConfigMap' | 'RootSync';
  readonly calls: readonly Step[];
}

interface Step {
  readonly does: 'create' | 'apply' | 'force' | 'merge' | 'wipe' | 'remove';
  readonly manager: string;
  readonly object: object;
}

const values = fc.constantFrom('1', '2');
const texts = (...keys: string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, values])), { requiredKeys: [] });

const metadata = fc.record(
  {
    labels: texts('l', 'm'),
    annotations: texts('x', 'y'),
    finalizers: fc.uniqueArray(fc.constantFrom('a.example/f', 'b.example/g'), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const configMap = fc.record(
  { metadata, data: texts('a', 'b', 'c'), immutable: fc.constantFrom(false, false, false, true) },
  { requiredKeys: ['metadata'] },
);

const logLevels = fc.uniqueArray(
  fc.record({
    containerName: fc.constantFrom('reconciler', 'oci-sync'),
    logLevel: fc.integer({ min: 0, max: 2 }),
  }),
  { selector: ({ containerName }) => containerName, maxLength: 2 },
);
const roleRefs = fc.array(
  fc.record({ kind: fc.constantFrom('Role', 'ClusterRole'), name: fc.constantFrom('r', 's') }),
  { maxLength: 2 },
);

const rootSync = fc.record({
  metadata,
  spec: fc.record(
    {
      sourceType: fc.constantFrom('oci', 'helm'),
      oci: fc.record({ image: fc.constantFrom('x:v1', 'x:v2'), auth: fc.constant('none') }),
      helm: fc.record({
        repo: fc.constant('oci://x'),
        chart: fc.constant('c'),
        auth: fc.constant('none'),
        values: fc.record(
          { one: texts('p', 'q'), list: fc.array(values, { maxLength: 2 }), flat: values },
          { requiredKeys: [] },
        ),
      }),
      override: fc.record(
        { logLevels, roleRefs, statusMode: fc.constant('enabled') },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ),
});

const manager = fc.constantFrom(...MANAGERS);

function steps(object: fc.Arbitrary<object>): fc.Arbitrary<Step> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ does: fc.constant('apply' as const), manager, object }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('force' as const), manager, object }) },
    { weight: 5, arbitrary: fc.record({ does: fc.constant('merge' as const), manager, object }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('create' as const), manager, object }) },
    {
      weight: 1,
      arbitrary: fc.record({
        does: fc.constantFrom('wipe' as const, 'remove' as const),
        manager,
        object: fc.constant({}),
      }),
    },
  );
}

/** Histories of one object, by three managers. */
export const histories: fc.Arbitrary<History> = fc.oneof(
  fc.record({
    kind: fc.constant('ConfigMap' as const),
    calls: fc.array(steps(configMap), { minLength: 2, maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('RootSync' as const),
    calls: fc.array(steps(rootSync), { minLength: 2, maxLength: 8 }),
  }),
);

/** The request that a step is. */
export function requestOf(kind: History['kind'], { path, name }: Place, step: Step): KubeCall {
  const { does, manager: by, object } = step;
  const apiVersion = kind === 'ConfigMap' ? 'v1' : 'configsync.gke.io/v1beta1';
  const given = 'metadata' in object && typeof object.metadata === 'object' ? object.metadata : {};
  const body = { apiVersion, kind, ...object, metadata: { name, ...given } };
  const one = `${path}/${name}?fieldManager=${by}`;
  switch (does) {
    case 'create':
      return { method: 'POST', path: `${path}?fieldManager=${by}`, body };
    case 'apply':
      return { method: 'PATCH', path: one, type: APPLY, body };
    case 'force':
      return { method: 'PATCH', path: `${one}&force=true`, type: APPLY, body };
    case 'merge':
      return { method: 'PATCH', path: one, type: MERGE, body: object };
    case 'wipe':
      return {
        method: 'PATCH',
        path: one,
        type: MERGE,
        body: { metadata: { managedFields: [{}] } },
      };
    case 'remove':
      return { method: 'DELETE', path: `${path}/${name}` };
  }
}

const SYSTEM = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'time',
]);

/**
 * An answer without what differs from one server to the next. Causes come in no order, and some twice; managers in
 * that of their times, which may fall into one second or two.
 */
export function comparable(body: unknown): unknown {
  const text = JSON.stringify(body, (key, value: unknown) => {
    if (SYSTEM.has(key)) return undefined;
    if (!['causes', 'managedFields'].includes(key) || !Array.isArray(value)) return value;
    return [...new Set(value.map((entry) => JSON.stringify(sorted(entry))))].toSorted();
  });
  const value: unknown = JSON.parse(text ?? 'null');
  return value;
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'time');
  const inner = entries.map(([key, entry]): [string, unknown] => [key, sorted(entry)]);
  return Object.fromEntries(inner.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
