import type { RuleName } from '#infra/kubernetes/gate/rules.ts';
import { approved, bad, glass, good, hold, receipt, sync } from '#test/fixtures/gate/case.ts';
import { repoSync, rootSync, type RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { admin, identity, oncall, root, teamA, tenant } from './actors.ts';
import type { Attack, Write } from './attack.ts';
import { attack, passes, refusal, refused, step } from './row.ts';
import {
  alpha,
  annotate,
  annotated,
  apply,
  json,
  merge,
  pointer,
  replace,
  waysToAdd,
  waysToCreate,
} from './writes.ts';

const OWNER = { 'acme.example/owner': 'team-a' };

interface Key {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly rules: readonly RuleName[];
}

function key(name: string, annotations: Record<string, string>, rule: RuleName): Key {
  const [[found, value] = ['', '']] = Object.entries(annotations);
  return { name, key: found, value, rules: [rule] };
}

/** Keys under the project's prefix, and what an attacker would like them to say. */
const KEYS: readonly Key[] = [
  key('approved', approved(bad), 'approved'),
  key('receipt', receipt(), 'receipt'),
  key('break-glass', glass(bad), 'break-glass'),
  key('hold', hold(), 'hold'),
  key('unknown', { 'countersign.dev/x': '' }, 'other-keys'),
];

const TARGETS: readonly (readonly [name: string, who: string, object: RSyncManifest])[] = [
  ['tenant-repo', tenant, annotated(repoSync(), OWNER)],
  ['admin-root', admin, annotated(rootSync(), OWNER)],
  ['tenant-repo-alpha', tenant, alpha(annotated(repoSync(), OWNER))],
  // Announced before there was a gate.
  ['reconciler-repo', teamA, annotated(repoSync(), { ...OWNER, ...sync(bad) })],
];

const added: readonly Attack[] = KEYS.flatMap(({ name, key: at, value, rules }) =>
  TARGETS.flatMap(([target, who, object]) => [
    ...waysToAdd(object, { [at]: value }).map(([way, write]) =>
      refusal(
        `${name}/${target}/${way}`,
        { fault: 'forged-key', rules, given: [object] },
        who,
        write,
      ),
    ),
    ...waysToCreate(object, { [at]: value }).map(([way, write]) =>
      refusal(`${name}/${target}/${way}`, { fault: 'forged-key', rules }, who, write),
    ),
  ]),
);

/** What is there already is neither changed, moved, emptied nor removed by others. */
const removed: readonly Attack[] = KEYS.flatMap(({ name, key: at, value, rules }) => {
  const held = annotated(repoSync(), { ...OWNER, [at]: value });
  const path = pointer(at);
  const ways: readonly (readonly [way: string, write: Write])[] = [
    ['put', replace(annotated(held, OWNER))],
    ['merge', annotate(held, { [at]: null })],
    ['merge-all', merge(held, { metadata: { annotations: null } })],
    ['json', json(held, { op: 'remove', path })],
    ['json-all', json(held, { op: 'remove', path: '/metadata/annotations' })],
    ['json-move', json(held, { op: 'move', from: path, path: pointer('acme.example/kept') })],
    ['changed', annotate(held, { [at]: `${value} ` })],
    ['blank', annotate(held, { [at]: ' ' })],
    ['alpha', annotate(alpha(held), { [at]: null })],
  ];
  return ways.map(([way, write]) =>
    refusal(`${name}/${way}`, { fault: 'removed-key', rules, given: [held] }, tenant, write),
  );
});

const hatched = annotated(repoSync(), { ...OWNER, 'acme.example/list': bad });
const syncing = repoSync({ ...approved(good), ...sync(good) });
const forged = { fault: 'forged-key', rules: ['approved'], given: [hatched] } as const;

/** As `countersign` itself would own it. */
const CLAIM = {
  manager: 'countersign',
  operation: 'Update',
  apiVersion: 'configsync.gke.io/v1beta1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:countersign.dev/approved': {} } } },
};

/** Who may write what under `countersign.dev/`, by every kind of write. */
export const keyRows: readonly Attack[] = [
  ...added,
  ...removed,
  refusal(
    'approved/copied',
    forged,
    tenant,
    json(hatched, {
      op: 'copy',
      from: pointer('acme.example/list'),
      path: pointer('countersign.dev/approved'),
    }),
  ),
  refusal(
    'approved/beside-an-honest-change',
    forged,
    tenant,
    merge(hatched, {
      metadata: { annotations: approved(bad), labels: { tier: 'test' } },
      spec: { oci: { dir: 'sub' } },
    }),
  ),
  refusal(
    'approved/claims-managed-fields',
    forged,
    tenant,
    merge(hatched, { metadata: { annotations: approved(bad), managedFields: [CLAIM] } }),
  ),
  refusal('approved/by-break-glass-user', forged, oncall, annotate(hatched, approved(bad))),
  refusal('approved/by-another-reconciler', forged, root, annotate(hatched, approved(bad))),
  refusal(
    'approved/empty-where-none-was',
    forged,
    tenant,
    annotate(hatched, { 'countersign.dev/approved': '' }),
  ),
  refusal(
    'break-glass/by-countersign',
    { fault: 'forged-key', rules: ['break-glass', 'leash'], given: [rootSync()] },
    identity,
    annotate(rootSync(), glass(bad)),
  ),
  refusal(
    'hold/by-break-glass-user',
    { fault: 'forged-key', rules: ['hold'], given: [rootSync()] },
    oncall,
    annotate(rootSync(), hold()),
  ),
  refusal(
    'hold/by-its-reconciler',
    { fault: 'forged-key', rules: ['hold'], given: [syncing] },
    teamA,
    annotate(syncing, hold()),
  ),
  refusal(
    'unknown/by-countersign',
    { fault: 'forged-key', rules: ['other-keys', 'leash'], given: [rootSync()] },
    identity,
    annotate(rootSync(), { 'countersign.dev/x': '' }),
  ),
  refusal(
    'unknown/by-break-glass-user',
    { fault: 'forged-key', rules: ['other-keys'], given: [rootSync()] },
    oncall,
    annotate(rootSync(), { 'countersign.dev/x': '' }),
  ),
  attack('approved/strategic-patch', { fault: 'forged-key', rules: [], given: [hatched] }, [
    step(
      tenant,
      { how: 'strategic', at: hatched, body: { metadata: { annotations: approved(bad) } } },
      415,
    ),
  ]),
  // A Cyrillic letter in the key: the API server takes ASCII only.
  attack(
    'approved/look-alike-letter',
    { fault: 'forged-key', rules: [], given: [hatched], only: 'real' },
    [step(tenant, annotate(hatched, { 'countersign.dev/approv\u0435d': bad }), 422)],
  ),
  // Server-side apply removes what its own manager leaves out.
  attack(
    'break-glass/applied-away',
    { fault: 'removed-key', rules: ['break-glass'], given: [hatched], only: 'real' },
    [
      passes(oncall, apply(hatched, { metadata: { annotations: glass(bad) } })),
      refused(tenant, apply(hatched, {})),
    ],
  ),
];
