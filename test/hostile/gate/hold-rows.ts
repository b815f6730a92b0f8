import type { RuleName } from '#infra/kubernetes/gate/rules.ts';
import { approved, bad, glass, good, hold, live, receipt, sync } from '#test/fixtures/gate/case.ts';
import { gitSync, repoSync, withMetadata } from '#test/fixtures/rsync-manifests.ts';
import { admin, identity, oncall, teamA, tenant } from './actors.ts';
import type { Attack, Write } from './attack.ts';
import { attack, passes, refusal, refused } from './row.ts';
import { alpha, annotate, create, json, merge, pointer } from './writes.ts';

/** Characters that a hold may have. */
const MAX = 512;
const KEY = 'countersign.dev/hold';

const plain = repoSync({ ...approved(good), ...receipt(), ...sync(live) });
const held = repoSync({ ...approved(good), ...receipt(), ...sync(live), ...hold() });
const long = repoSync({ ...approved(good), ...hold('x'.repeat(4 * MAX)) });
const longest = hold('x'.repeat(MAX));
const longer = hold('x'.repeat(MAX + 1));
const deleting = withMetadata(held, { finalizers: ['configsync.gke.io/reconciler'] });

/** What a tenant who may hold would like to pass beside it. */
const SMUGGLED: readonly (readonly [name: string, rules: readonly RuleName[], write: Write])[] = [
  ['beside-an-approval', ['approved'], annotate(plain, { ...hold(), ...approved(bad) })],
  ['beside-a-receipt', ['receipt'], annotate(plain, { ...hold(), ...receipt('{}') })],
  ['beside-broken-glass', ['break-glass'], annotate(plain, { ...hold(), ...glass(bad) })],
  ['beside-an-unknown-key', ['other-keys'], annotate(plain, { ...hold(), [`${KEY}er`]: '' })],
  ['in-another-case', ['other-keys'], annotate(plain, { 'countersign.dev/Hold': '-' })],
  ['beside-an-announcement', ['announcement'], annotate(plain, { ...hold(), ...sync(bad) })],
  ['lifted-with-the-approval', ['approved'], annotate(held, { [KEY]: null, ...approved() })],
  [
    'moved-into-the-approval',
    ['approved'],
    json(held, { op: 'move', from: pointer(KEY), path: pointer('countersign.dev/approved') }),
  ],
];

const smuggled: readonly Attack[] = SMUGGLED.map(([name, rules, write]) => {
  const given = [
    JSON.stringify(write).includes('"move"') || name.startsWith('lifted') ? held : plain,
  ];
  return refusal(name, { fault: 'hold', rules, gate: 'open', given }, tenant, write);
});

const anyone = { fault: 'hold', rules: [], gate: 'open' } as const;
const tooLong = { fault: 'hold', rules: ['hold'], gate: 'open' } as const;
const leashed = { fault: 'hold', rules: ['leash'], given: [plain] } as const;

/** Holds: who may set and lift them, how long they may be, and what goes with them. */
export const holdRows: readonly Attack[] = [
  ...smuggled,
  refusal('one-too-many', { ...tooLong, given: [plain] }, tenant, annotate(plain, longer)),
  refusal('one-too-many-at-creation', tooLong, tenant, create(repoSync(longer))),
  refusal(
    'longer-yet',
    { ...tooLong, given: [long] },
    admin,
    annotate(long, hold('x'.repeat(3 * MAX))),
  ),
  refusal(
    'one-too-many-by-countersign',
    { ...tooLong, given: [plain] },
    identity,
    annotate(plain, longer),
  ),
  // Under the default, not even what a tenant's own git repository declares.
  refusal(
    'of-git',
    { fault: 'hold', rules: ['hold'], given: [gitSync()] },
    admin,
    annotate(gitSync(), hold()),
  ),
  refusal(
    'lifted-while-deleted',
    { fault: 'hold', rules: ['hold'], given: [deleting] },
    tenant,
    merge(deleting, {
      metadata: { annotations: { [KEY]: null }, finalizers: [] },
    }),
  ),
  refusal(
    'by-countersign-with-another-annotation',
    leashed,
    identity,
    annotate(plain, { ...hold(), 'acme.example/owner': 'a' }),
  ),
  refusal(
    'by-countersign-with-a-label',
    leashed,
    identity,
    merge(plain, { metadata: { annotations: hold(), labels: { a: 'b' } } }),
  ),
  // A hold says nothing to the gate: what is announced is judged as ever.
  attack('no-way-past-the-gate', { fault: 'hold', rules: ['announcement'], given: [held] }, [
    passes(teamA, annotate(held, sync(good))),
    refused(teamA, annotate(held, sync(bad))),
  ]),
  // Not attacks.
  attack('honest/by-countersign', { fault: 'hold', rules: [], given: [plain] }, [
    passes(identity, annotate(plain, longest)),
    passes(identity, annotate(alpha(plain), hold())),
    passes(identity, annotate(plain, { [KEY]: null })),
  ]),
  attack('honest/beside-a-hold', { fault: 'hold', rules: [], given: [held] }, [
    passes(tenant, merge(held, { metadata: { labels: { tier: 'test' } } })),
    passes(tenant, annotate(held, { 'acme.example/owner': 'a' })),
    passes(oncall, annotate(held, glass(bad))),
    passes(identity, annotate(held, approved(live))),
  ]),
  attack('honest/by-anyone', { ...anyone, given: [plain] }, [
    passes(tenant, annotate(plain, longest)),
    passes(oncall, annotate(plain, hold())),
    passes(tenant, annotate(plain, { [KEY]: null })),
    passes(identity, annotate(plain, hold())),
  ]),
  attack('honest/held-from-birth', anyone, [passes(tenant, create(repoSync(hold())))]),
  // Of before the gate, or written while it was away.
  attack('honest/too-long-and-lifted', { ...anyone, given: [long] }, [
    passes(tenant, merge(long, { metadata: { labels: { tier: 'test' } } })),
    passes(tenant, annotate(long, { [KEY]: null })),
  ]),
];
