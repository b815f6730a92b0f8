import type { RuleName } from '#infra/kubernetes/gate/rules.ts';
import { approved, bad, good, live, receipt, sync } from '#test/fixtures/gate/case.ts';
import {
  gitSync,
  repoSync,
  rootSync,
  type RSyncManifest,
  withMetadata,
} from '#test/fixtures/rsync-manifests.ts';
import { admin, identity, manager, root, teamA, tenant } from './actors.ts';
import type { Attack, Step, Write } from './attack.ts';
import { attack, passes, refused, step } from './row.ts';
import {
  alpha,
  annotate,
  annotated,
  apply,
  create,
  json,
  merge,
  pointer,
  remove,
  replace,
} from './writes.ts';

const FINALIZERS = ['configsync.gke.io/reconciler-manager', 'configsync.gke.io/reconciler'];
const OWN = 'acme.example/own';
const held = withMetadata(repoSync({ ...approved(good), ...receipt(), ...sync(live) }), {
  finalizers: FINALIZERS,
});

/** A tenant keeps his object from being finalized: no user may add a finalizer to what is being deleted. */
const kept: readonly Step[] = [
  passes(tenant, merge(held, { metadata: { finalizers: [OWN] } })),
  passes(tenant, remove(held)),
];

type Try = readonly [name: string, as: string, write: Write, rules: readonly RuleName[]];

const spec = (source: RSyncManifest) => source.spec;
const dropped = { finalizers: [] };

/** Writes that must not pass because the object is being deleted. */
const TRIES: readonly Try[] = [
  ['reconciler-announces', teamA, annotate(held, sync(bad)), ['announcement']],
  ['reconciler-sends-again', teamA, annotate(held, sync(live)), ['announcement']],
  ['reconciler-sends-again-alpha', teamA, annotate(alpha(held), sync(live)), ['announcement']],
  ['reconciler-sends-nothing', teamA, merge(held, {}), ['announcement']],
  ['tenant-announces', tenant, annotate(held, sync(bad)), ['announcement']],
  [
    'tenant-announces-by-json',
    tenant,
    json(held, {
      op: 'replace',
      path: pointer('configsync.gke.io/image-to-sync'),
      value: sync(bad)['configsync.gke.io/image-to-sync'],
    }),
    ['announcement'],
  ],
  ['tenant-approves', tenant, annotate(held, approved(bad)), ['approved']],
  [
    'tenant-approves-by-apply',
    tenant,
    apply(held, { metadata: { annotations: approved(bad) } }),
    ['approved'],
  ],
  [
    'tenant-approves-by-put',
    tenant,
    replace(
      withMetadata(annotated(held, { ...approved(bad), ...receipt(), ...sync(live) }), {
        finalizers: [OWN],
      }),
    ),
    ['approved'],
  ],
  [
    'tenant-removes-approval',
    tenant,
    annotate(held, { 'countersign.dev/approved': null }),
    ['approved'],
  ],
  ['tenant-forges-receipt', tenant, annotate(held, receipt('{"verdict":"forged"}')), ['receipt']],
  [
    'tenant-removes-receipt',
    tenant,
    annotate(held, { 'countersign.dev/receipt': null }),
    ['receipt'],
  ],
  [
    'tenant-breaks-the-glass',
    tenant,
    annotate(held, { 'countersign.dev/break-glass': `${bad} mine` }),
    ['break-glass'],
  ],
  ['tenant-adds-unknown-key', tenant, annotate(held, { 'countersign.dev/x': '' }), ['other-keys']],
  [
    'reconciler-approves',
    teamA,
    annotate(held, { ...approved(bad), ...sync(bad) }),
    ['approved', 'announcement'],
  ],
  [
    'finalizers-and-announcement',
    teamA,
    merge(held, { metadata: { ...dropped, annotations: sync(bad) } }),
    ['announcement'],
  ],
  [
    'finalizers-reordered-and-announcement',
    tenant,
    merge(held, { metadata: { finalizers: [], annotations: sync(bad) } }),
    ['announcement'],
  ],
  [
    'finalizers-and-approval',
    tenant,
    merge(held, { metadata: { ...dropped, annotations: approved(bad) } }),
    ['approved'],
  ],
  [
    'finalizers-and-receipt',
    tenant,
    merge(held, { metadata: { ...dropped, annotations: receipt('{}') } }),
    ['receipt'],
  ],
  [
    'finalizers-and-unknown-key',
    tenant,
    merge(held, { metadata: { ...dropped, annotations: { 'countersign.dev/x': '' } } }),
    ['other-keys'],
  ],
  [
    'finalizers-and-glass',
    tenant,
    merge(held, { metadata: { ...dropped, annotations: { 'countersign.dev/break-glass': bad } } }),
    ['break-glass'],
  ],
  [
    'finalizers-and-git',
    tenant,
    merge(held, { metadata: dropped, spec: { ...spec(gitSync()), oci: null } }),
    ['other-source'],
  ],
  ['countersign-labels', identity, merge(held, { metadata: { labels: { a: 'b' } } }), ['leash']],
  ['countersign-finalizes', identity, merge(held, { metadata: dropped }), ['leash']],
  [
    'countersign-moves-the-image',
    identity,
    merge(held, { spec: { oci: { image: 'evil.example/x' } } }),
    ['leash'],
  ],
];

const tries: readonly Attack[] = TRIES.map(([name, as, write, rules]) =>
  attack(name, { fault: 'deletion', rules, given: [held] }, [...kept, refused(as, write)]),
);

const forgedTime = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };
const dying = withMetadata(repoSync({ ...approved(good), ...sync(bad) }), forgedTime);

/** What being deleted does not excuse, and what must stay possible for Config Sync to finish. */
export const deletionRows: readonly Attack[] = [
  ...tries,
  attack('forged-timestamp/create', { fault: 'deletion', rules: ['announcement'] }, [
    refused(tenant, create(withMetadata(repoSync(sync(bad)), forgedTime))),
  ]),
  attack(
    'forged-timestamp/create-with-approval',
    { fault: 'deletion', rules: ['approved', 'announcement'] },
    [refused(tenant, create(dying))],
  ),
  attack(
    'forged-timestamp/put',
    { fault: 'deletion', rules: [], given: [repoSync({ ...approved(good), ...sync(live) })] },
    [step(teamA, replace(dying), 422)],
  ),
  attack(
    'forged-timestamp/merge',
    {
      fault: 'deletion',
      rules: [],
      given: [repoSync({ ...approved(good), ...sync(live) })],
    },
    [step(teamA, merge(held, { metadata: { ...forgedTime, annotations: sync(bad) } }), 422)],
  ),
  attack('finalizer-added-too-late', { fault: 'deletion', rules: [], given: [held] }, [
    ...kept,
    step(tenant, merge(held, { metadata: { finalizers: [OWN, 'acme.example/second'] } }), 422),
  ]),
  attack(
    'made-anew-under-the-old-name',
    { fault: 'recreated-object', rules: ['announcement'], given: [held] },
    [
      passes(tenant, merge(held, { metadata: { finalizers: null } })),
      passes(tenant, remove(held)),
      refused(tenant, create(repoSync(sync(live)))),
      passes(tenant, create(repoSync())),
      refused(teamA, annotate(held, sync(live))),
    ],
  ),
  attack(
    'replaced-by-force',
    {
      fault: 'recreated-object',
      rules: ['approved', 'receipt'],
      given: [repoSync(approved(good))],
    },
    [
      // kubectl replace --force: DELETE, then POST of the whole, approvals and all.
      passes(admin, remove(held)),
      refused(admin, create(repoSync({ ...approved(good), ...receipt() }))),
    ],
  ),
  // Not attacks: Config Sync finishes, whatever is announced, and the object goes.
  attack('config-sync-finishes', { fault: 'deletion', rules: [], given: [held] }, [
    passes(tenant, remove(held)),
    passes(teamA, merge(held, { metadata: { finalizers: [FINALIZERS[0]] } })),
    passes(manager, merge(held, { metadata: { finalizers: null } })),
    step(tenant, merge(held, {}), 404),
  ]),
  attack('config-sync-finishes-by-put', { fault: 'deletion', rules: [], given: [held] }, [
    passes(tenant, remove(held)),
    passes(teamA, replace(withMetadata(held, { finalizers: FINALIZERS.slice(0, 1) }))),
    passes(manager, replace(withMetadata(held, { finalizers: [] }))),
  ]),
  attack(
    'config-sync-finishes-unmatched-source',
    {
      fault: 'deletion',
      rules: [],
      given: [withMetadata(gitSync(), { finalizers: FINALIZERS })],
    },
    [
      passes(admin, remove(rootSync())),
      passes(root, merge(rootSync(), { metadata: { finalizers: [FINALIZERS[0]] } })),
      passes(manager, merge(rootSync(), { metadata: { finalizers: [] } })),
    ],
  ),
  attack('status-while-deleting', { fault: 'deletion', rules: [], given: [held] }, [
    ...kept,
    step(
      teamA,
      { ...merge(held, { status: { source: { commit: live.slice(7) } } }), subresource: 'status' },
      'ignored',
    ),
  ]),
  attack('condition-while-deleting', { fault: 'deletion', rules: [], given: [held] }, [
    ...kept,
    passes(manager, {
      ...merge(held, {
        status: { conditions: [{ type: 'ReconcilerFinalizing', status: 'True' }] },
      }),
      subresource: 'status',
    }),
  ]),
  attack(
    'moved-to-git-while-deleting',
    { fault: 'deletion', rules: ['other-source'], given: [held] },
    [...kept, refused(tenant, merge(held, { spec: { ...spec(gitSync()), oci: null } }))],
  ),
];
