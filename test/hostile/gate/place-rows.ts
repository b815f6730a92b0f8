import { approved, bad, good, live, sync } from '#test/fixtures/gate/case.ts';
import {
  IMAGE,
  repoSync,
  rootSync,
  type RSyncManifest,
  withMetadata,
} from '#test/fixtures/rsync-manifests.ts';
import { account, admin, root, teamA, tenant } from './actors.ts';
import type { Attack } from './attack.ts';
import { attack, refusal, refused, step } from './row.ts';
import { alpha, annotate, create, merge, replace } from './writes.ts';

const rules = ['announcement'] as const;
const withdrawn = { ...approved(good), ...sync(live) };

function inNamespace(namespace: string, name: string): RSyncManifest {
  return withMetadata(repoSync(withdrawn, name), { namespace });
}

/**
 * RepoSyncs, and the user that syncs them. The last two share one: a RepoSync `repo-sync` in a namespace that is named
 * like another one's reconciler.
 */
const SYNCED_BY: readonly (readonly [name: string, object: RSyncManifest, user: string])[] = [
  ['repo-sync', inNamespace('team-a', 'repo-sync'), 'ns-reconciler-team-a'],
  ['named', inNamespace('team-a', 'b'), 'ns-reconciler-team-a-b-1'],
  ['named-with-dash', inNamespace('team-a', 'b-c'), 'ns-reconciler-team-a-b-c-3'],
  ['split-the-other-way', inNamespace('team-a-b', 'c'), 'ns-reconciler-team-a-b-c-1'],
  ['name-with-length', inNamespace('team-a', 'b-1'), 'ns-reconciler-team-a-b-1-3'],
  ['name-with-dot', inNamespace('team-a', 'b.c'), 'ns-reconciler-team-a-b.c-3'],
  ['name-like-root', inNamespace('team-a', 'root-sync'), 'ns-reconciler-team-a-root-sync-9'],
  ['collides-as-repo-sync', inNamespace('team-a-b-1', 'repo-sync'), 'ns-reconciler-team-a-b-1'],
  [
    'in-the-namespace-of-config-sync',
    inNamespace('config-management-system', 'repo-sync'),
    'ns-reconciler-config-management-system',
  ],
  ['root', rootSync(withdrawn), 'root-reconciler'],
  ['root-named', rootSync(withdrawn, IMAGE, 'infra'), 'root-reconciler-infra'],
  ['root-like-repo', rootSync(withdrawn, IMAGE, 'repo-sync'), 'root-reconciler-repo-sync'],
  [
    'root-like-its-reconciler',
    rootSync(withdrawn, IMAGE, 'root-reconciler'),
    'root-reconciler-root-reconciler',
  ],
  ['root-elsewhere', withMetadata(rootSync(withdrawn), { namespace: 'team-a' }), 'root-reconciler'],
];

/** Users that look like the reconciler of RepoSync team-a/repo-sync, or like Countersign, and are neither. */
const LOOK_ALIKES = [
  'system:serviceaccount:team-a:ns-reconciler-team-a',
  'system:serviceaccount:team-b:reconciler-manager',
  'system:serviceaccount:config-management-system:ns-reconciler-team-a-1',
  'system:serviceaccount:config-management-system:ns-reconciler-team-b',
  'system:serviceaccount:config-management-system:NS-reconciler-team-a',
  'system:serviceaccount:config-management-system:reconciler-manager',
  'ns-reconciler-team-a',
  'countersign@acme.iam.gserviceaccount.com.evil.example',
  'Countersign@acme.iam.gserviceaccount.com',
  'system:serviceaccount:countersign:countersign',
  'system:admin',
  'system:masters',
  'system:kube-controller-manager',
];

const object = repoSync(withdrawn);

/** Names, places and users that collide, or look alike. */
export const placeRows: readonly Attack[] = [
  ...SYNCED_BY.flatMap(([name, given, user]) => [
    refusal(
      `own/${name}/again`,
      { fault: 'name-collision', rules, given: [given] },
      `${account}${user}`,
      annotate(given, sync(live)),
    ),
    refusal(
      `own/${name}/new`,
      { fault: 'name-collision', rules, given: [given] },
      `${account}${user}`,
      annotate(given, sync(bad)),
    ),
    refusal(
      `approves/${name}`,
      { fault: 'name-collision', rules: ['approved'], given: [given] },
      `${account}${user}`,
      annotate(given, approved(live)),
    ),
  ]),
  // A reconciler that two objects share needs the approvals of each.
  attack(
    'shared/each-by-its-own-approvals',
    {
      fault: 'name-collision',
      rules,
      given: [
        inNamespace('team-a', 'b'),
        withMetadata(repoSync({ ...approved(live), ...sync(live) }), { namespace: 'team-a-b-1' }),
      ],
    },
    [
      step(
        `${account}ns-reconciler-team-a-b-1`,
        annotate(withMetadata(repoSync(), { namespace: 'team-a-b-1' }), sync(live)),
        'passes',
      ),
      refused(
        `${account}ns-reconciler-team-a-b-1`,
        annotate(inNamespace('team-a', 'b'), sync(live)),
      ),
    ],
  ),
  ...LOOK_ALIKES.flatMap((user, index) => [
    refusal(
      `approves/${index}`,
      { fault: 'look-alike-user', rules: ['approved'], given: [object] },
      user,
      annotate(object, approved(bad)),
    ),
    refusal(
      `announces/${index}`,
      { fault: 'look-alike-user', rules, given: [object] },
      user,
      annotate(object, sync(bad)),
    ),
  ]),
  ...[
    withMetadata(repoSync(), { namespace: 'config-management-system' }),
    withMetadata(rootSync(), { namespace: 'team-a' }),
    withMetadata(rootSync(), { namespace: 'default' }),
  ].flatMap((misplaced, index) => [
    refusal(
      `${index}/approved`,
      { fault: 'misplaced-object', rules: ['approved'] },
      admin,
      create({ ...misplaced, metadata: { ...misplaced.metadata, annotations: approved(bad) } }),
    ),
    refusal(
      `${index}/announced`,
      { fault: 'misplaced-object', rules },
      tenant,
      create({ ...misplaced, metadata: { ...misplaced.metadata, annotations: sync(bad) } }),
    ),
  ]),
  // The namespace of the path counts, where the body has none.
  attack('no-namespace-in-the-body', { fault: 'misplaced-object', rules }, [
    refused(tenant, {
      how: 'create',
      at: repoSync(),
      object: { ...repoSync(), metadata: { name: 'repo-sync', annotations: sync(bad) } },
    }),
  ]),
  attack('put-creates', { fault: 'misplaced-object', rules: [] }, [
    // An absent object is not made by PUT.
    step(tenant, replace(repoSync(approved(bad))), 404),
  ]),
  ...(['merge', 'put', 'alpha'] as const).map((way) =>
    attack(`status/${way}`, { fault: 'subresource', rules: [], given: [object] }, [
      step(
        teamA,
        {
          ...(way === 'put'
            ? replace(repoSync({ ...approved(bad), ...sync(bad) }))
            : merge(way === 'alpha' ? alpha(object) : object, {
                metadata: { annotations: { ...approved(bad), ...sync(bad) } },
                spec: { oci: { image: 'evil.example/x' } },
                status: { source: { commit: 'x' } },
              })),
          subresource: 'status',
        },
        'ignored',
      ),
    ]),
  ),
  attack('scale', { fault: 'subresource', rules: [], given: [object] }, [
    step(
      tenant,
      { ...merge(object, { metadata: { annotations: approved(bad) } }), subresource: 'scale' },
      404,
    ),
  ]),
  attack(
    'unknown-fields-beside-an-announcement',
    { fault: 'subresource', rules: ['announcement'], given: [object] },
    [
      refused(
        root,
        merge(object, {
          metadata: { annotations: sync(bad), selfLink: '/x', uid: undefined },
          status: { observedGeneration: 9 },
        }),
      ),
    ],
  ),
];
