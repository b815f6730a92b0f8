import { approved, bad, chart, chartKey, good, live, sync } from '#test/fixtures/gate/case.ts';
import {
  helmSync,
  repoSync,
  type RSyncManifest,
  withMetadata,
} from '#test/fixtures/rsync-manifests.ts';
import { identity, manager, root, teamA, tenant } from './actors.ts';
import type { Attack, Step, Write } from './attack.ts';
import { attack, passes, refusal, refused, step } from './row.ts';
import {
  alpha,
  annotate,
  annotated,
  apply,
  create,
  json,
  merge,
  remove,
  replace,
} from './writes.ts';

const rules = ['too-many-annotations'] as const;

/** As many empty annotations as asked for: `a/0`, `a/1`, … */
function empties(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`a/${index}`, '']));
}

const MANY = empties(10_000);
const MOST = empties(30_000);
const FEW_TOO_MANY = empties(300);
const FULL = { 'acme.example/full': 'x'.repeat(255 * 1024) };
const owned = Array.from({ length: 5_000 }, (_, index) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: `x-${index}`,
  uid: `u-${index}`,
}));
const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`a/${index}`, '']));
const finalizers = Array.from({ length: 10_000 }, (_, index) => `a.example/${index}`);
const many = Object.keys(MANY).map((containerName) => ({ containerName }));
const conditions = Array.from({ length: 20_000 }, (_, index) => ({
  type: `T${index}`,
  status: 'False',
}));

const crowded = repoSync({ ...approved(good), ...sync(live), ...MANY });
const most = repoSync({ ...approved(good), ...sync(live), ...MOST });
const plain = repoSync(approved(good));

const ownedPlain = { ...plain, metadata: { ...plain.metadata, ownerReferences: owned } };

/** A large object, and what each identity sends over it. */
const LARGE: readonly (readonly [name: string, object: RSyncManifest])[] = [
  ['annotations-10000', crowded],
  ['annotation-of-255-kib', repoSync({ ...approved(good), ...sync(good), ...FULL })],
  ['labels-10000', withMetadata(plain, { labels })],
  ['owners-5000', ownedPlain],
  ['finalizers-10000', withMetadata(plain, { finalizers })],
  [
    'announcement-of-at',
    repoSync({ ...approved(good), 'configsync.gke.io/image-to-sync': '@'.repeat(200_000) }),
  ],
  [
    'approval-of-spaces',
    repoSync({ 'countersign.dev/approved': ' '.repeat(200_000), ...sync(good) }),
  ],
  [
    'glass-of-spaces',
    repoSync({ ...approved(good), 'countersign.dev/break-glass': ' '.repeat(200_000) }),
  ],
  ['hold-of-spaces', repoSync({ ...approved(good), 'countersign.dev/hold': ' '.repeat(200_000) })],
  [
    'image-of-slashes',
    { ...plain, spec: { ...plain.spec, oci: { image: 'a/'.repeat(200_000), auth: 'none' } } },
  ],
  [
    'image-of-at',
    { ...plain, spec: { ...plain.spec, oci: { image: 'a@'.repeat(200_000), auth: 'none' } } },
  ],
  ['spec-of-fields', { ...plain, spec: { ...plain.spec, override: { resources: many } } }],
];

const WRITERS: readonly (readonly [
  name: string,
  user: string,
  write: (at: RSyncManifest) => Write,
])[] = [
  ['reconciler', teamA, (at) => annotate(at, sync(bad))],
  ['reconciler-again', teamA, (at) => merge(at, {})],
  ['countersign-approves', identity, (at) => annotate(at, approved(live))],
  ['tenant', tenant, (at) => merge(at, { metadata: { labels: { one: 'more' } } })],
];

const answered: readonly Attack[] = LARGE.flatMap(([name, object]) =>
  WRITERS.flatMap(([writer, user, write]) =>
    (['gate', 'pin', 'open'] as const)
      .filter((gate) => gate === 'gate' || name.startsWith('image'))
      .map((gate) =>
        attack(
          `answered/${name}/${writer}/${gate}`,
          { fault: 'size', rules: [], gate, given: [object] },
          [step(user, write(object), 'answered')],
        ),
      ),
  ),
);

const crowding: readonly (readonly [name: string, write: Write])[] = [
  ['merge', annotate(plain, FEW_TOO_MANY)],
  ['put', replace(annotated(plain, { ...approved(good), ...FEW_TOO_MANY }))],
  [
    'json',
    json(plain, {
      op: 'add',
      path: '/metadata/annotations',
      value: { ...approved(good), ...FEW_TOO_MANY },
    }),
  ],
  ['apply', apply(plain, { metadata: { annotations: FEW_TOO_MANY } })],
  ['alpha', annotate(alpha(plain), FEW_TOO_MANY)],
  ['many', annotate(plain, MANY)],
];

const over = repoSync({ ...approved(good, live), ...sync(live), ...FEW_TOO_MANY });
const withdraw: Step = passes(identity, annotate(over, approved(good)));

/** Objects made large, so that a write takes long, is refused for its cost, or looks away. */
export const sizeRows: readonly Attack[] = [
  ...crowding.map(([name, write]) =>
    refusal(`crowded/${name}`, { fault: 'size', rules, given: [plain] }, tenant, write),
  ),
  refusal('crowded/create', { fault: 'size', rules }, tenant, create(repoSync(FEW_TOO_MANY))),
  refusal('crowded/create-many', { fault: 'size', rules }, tenant, create(repoSync(MOST))),
  refusal(
    'crowded/reconciler-syncs',
    { fault: 'size', rules, given: [over] },
    teamA,
    annotate(over, sync(good)),
  ),
  // Older than the gate: what was approved can be withdrawn all the same.
  attack('crowded/withdrawn', { fault: 'size', rules: ['announcement', ...rules], given: [over] }, [
    withdraw,
    refused(teamA, annotate(over, sync(live))),
  ]),
  attack(
    'crowded/forged-behind-the-crowd',
    { fault: 'size', rules: ['approved', ...rules], given: [over] },
    [refused(tenant, annotate(over, approved(bad)))],
  ),
  attack('crowded/countersign-on-a-leash', { fault: 'size', rules: ['leash'], given: [over] }, [
    refused(identity, merge(over, { metadata: { labels: { a: 'b' } } })),
    refused(identity, annotate(over, { 'a/0': null })),
    refused(identity, annotate(over, { 'b/0': '' })),
    refused(identity, merge(over, { spec: { oci: { dir: 'evil' } } })),
  ]),
  ...answered,
  attack('answered/annotations-30000', { fault: 'size', rules: [], given: [most] }, [
    step(teamA, annotate(most, sync(bad)), 'answered'),
    passes(identity, annotate(most, approved())),
  ]),
  // A user who may write status could make it long: a chart's announcement reads its conditions.
  attack(
    'status-conditions',
    { fault: 'size', rules: ['announcement'], given: [helmSync(approved(chartKey('1.2.3')))] },
    [
      passes(manager, {
        ...merge(helmSync(), { status: { observedGeneration: 1, conditions } }),
        subresource: 'status',
      }),
      refused(root, annotate(helmSync(), chart('1.2.3'))),
    ],
  ),
  attack('too-large-for-any', { fault: 'size', rules: [], given: [plain] }, [
    step(tenant, annotate(plain, { 'acme.example/full': 'x'.repeat(256 * 1024) }), 422),
  ]),
  // Not attacks.
  attack(
    'honest/as-many-as-there-may-be',
    { fault: 'size', rules: [], given: [repoSync({ ...approved(good), ...empties(200) })] },
    [
      passes(tenant, annotate(plain, { 'acme.example/one': 'more' })),
      passes(teamA, annotate(plain, sync(good))),
      passes(identity, annotate(plain, approved(good, live))),
    ],
  ),
  attack('honest/out-of-the-crowd', { fault: 'size', rules: [], given: [over] }, [
    passes(tenant, merge(over, { metadata: { labels: { tier: 'test' } } })),
    passes(
      tenant,
      annotate(over, Object.fromEntries(Object.keys(FEW_TOO_MANY).map((key) => [key, null]))),
    ),
    passes(teamA, annotate(over, sync(good))),
  ]),
  attack(
    'honest/deleted-out-of-the-crowd',
    {
      fault: 'size',
      rules: [],
      given: [withMetadata(over, { finalizers: ['configsync.gke.io/reconciler'] })],
    },
    [passes(tenant, remove(over)), passes(teamA, merge(over, { metadata: { finalizers: [] } }))],
  ),
];
