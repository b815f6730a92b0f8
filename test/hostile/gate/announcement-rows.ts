import {
  approved,
  bad,
  glass,
  good,
  identity,
  live,
  root,
  sync,
} from '#test/fixtures/gate/case.ts';
import {
  IMAGE,
  repoSync,
  REPOSITORY,
  rootSync,
  type RSyncManifest,
} from '#test/fixtures/rsync-manifests.ts';
import { admin, teamA, tenant } from './actors.ts';
import type { Attack } from './attack.ts';
import { attack, passes, refusal, refused } from './row.ts';
import { alpha, annotate, annotated, merge, replace, waysToAdd, waysToCreate } from './writes.ts';

const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';
const guarded = rootSync(approved(good));
const rules = ['announcement'] as const;
const HEX = good.slice('sha256:'.length);

/** Values that must not count as the approved digest, by what is done to it. */
const VALUES: readonly (readonly [name: string, value: string])[] = [
  ['unapproved', `${IMAGE}@${bad}`],
  ['upper-case-hex', `${IMAGE}@sha256:${HEX.toUpperCase()}`],
  ['upper-case-algorithm', `${IMAGE}@SHA256:${HEX}`],
  ['sha512', `${IMAGE}@sha512:${HEX}${HEX}`],
  ['sha512-of-the-same-hex', `${IMAGE}@sha512:${HEX}`],
  ['no-algorithm', `${IMAGE}@${HEX}`],
  ['twice-the-algorithm', `${IMAGE}@sha256:${good}`],
  ['a-digit-short', `${IMAGE}@${good.slice(0, -1)}`],
  ['a-digit-more', `${IMAGE}@${good}a`],
  ['prefix-alone', `${IMAGE}@sha256:`],
  ['nothing-after-at', `${IMAGE}@`],
  ['at-alone', '@'],
  ['empty', ''],
  ['no-image', good],
  ['no-at', `${IMAGE} ${good}`],
  ['two-at-good-first', `${IMAGE}@${good}@${bad}`],
  ['three-at-good-first', `${IMAGE}@${good}@${good}@${bad}`],
  ['two-at-end', `${IMAGE}@${good}@`],
  ['space-after', `${IMAGE}@${good} `],
  ['space-before', `${IMAGE}@ ${good}`],
  ['both-by-space', `${IMAGE}@${good} ${bad}`],
  ['both-by-comma', `${IMAGE}@${good},${bad}`],
  ['tab-after', `${IMAGE}@${good}\t`],
  ['line-feed-after', `${IMAGE}@${good}\n`],
  ['carriage-return-after', `${IMAGE}@${good}\r`],
  ['no-break-space-after', `${IMAGE}@${good}\u00a0`],
  ['ideographic-space-after', `${IMAGE}@${good}\u3000`],
  ['zero-width-space-inside', `${IMAGE}@sha256:${HEX.slice(0, 8)}\u200b${HEX.slice(8)}`],
  ['cyrillic-a', `${IMAGE}@sha256:${'\u0430'.repeat(64)}`],
  ['full-width-a', `${IMAGE}@sha256:${'\uff41'.repeat(64)}`],
  ['full-width-at', `${IMAGE}\uff20${good}`],
  ['combining-mark', `${IMAGE}@${good}\u0301`],
  ['fragment', `${IMAGE}@${good}#${bad}`],
  ['very-long', `${IMAGE}@${bad.repeat(1000)}`],
  ['thousands-of-at', `${IMAGE}${'@'.repeat(20_000)}${bad}`],
];

/** Who could announce, on what object. */
const WHO: readonly (readonly [name: string, user: string, object: RSyncManifest])[] = [
  ['own-reconciler', root, guarded],
  ['own-reconciler-repo', teamA, repoSync(approved(good))],
  ['tenant', tenant, repoSync(approved(good))],
  ['admin', admin, guarded],
  ['countersign', identity, guarded],
];

const values: readonly Attack[] = VALUES.map(([name, value]) =>
  refusal(
    `value/${name}`,
    { fault: 'announcement', rules, given: [guarded] },
    root,
    annotate(guarded, { [IMAGE_TO_SYNC]: value }),
  ),
);

const ways: readonly Attack[] = WHO.flatMap(([name, user, object]) =>
  [object, alpha(object)].flatMap((target) =>
    waysToAdd(target, sync(bad)).map(([way, write]) =>
      refusal(
        `${name}/${target.apiVersion.split('/')[1]}/${way}`,
        { fault: 'announcement', rules, given: [object] },
        user,
        write,
      ),
    ),
  ),
);

const created: readonly Attack[] = [tenant, teamA].flatMap((user) =>
  waysToCreate(repoSync(), sync(bad)).map(([way, write]) =>
    refusal(
      `${user === tenant ? 'tenant' : 'own-reconciler'}/${way}`,
      { fault: 'announcement', rules },
      user,
      write,
    ),
  ),
);

const withdrawn = rootSync({ ...approved(), ...sync(live) });
const both = rootSync({ ...approved(good, live), ...sync(live) });

/** What is announced, and when it may not be. */
export const announcementRows: readonly Attack[] = [
  ...values,
  ...ways,
  ...created,
  attack(
    'withdrawn/by-countersign-then-sent-again',
    { fault: 'announcement', rules, given: [both] },
    [
      passes(root, annotate(both, sync(live))),
      passes(identity, annotate(both, approved(good))),
      refused(root, annotate(both, sync(live))),
      refused(root, replace(annotated(both, { ...approved(good), ...sync(live) }))),
      passes(root, annotate(both, sync(good))),
    ],
  ),
  refusal(
    'withdrawn/everything',
    { fault: 'announcement', rules, given: [withdrawn] },
    root,
    annotate(withdrawn, sync(live)),
  ),
  refusal(
    'withdrawn/empty-write',
    { fault: 'announcement', rules, given: [withdrawn] },
    root,
    merge(withdrawn, {}),
  ),
  refusal(
    'withdrawn/in-the-other-version',
    { fault: 'announcement', rules, given: [withdrawn] },
    root,
    annotate(alpha(withdrawn), sync(live)),
  ),
  refusal(
    'no-approval-at-all',
    { fault: 'announcement', rules, given: [repoSync()] },
    teamA,
    annotate(repoSync(), sync(good)),
  ),
  refusal(
    'another-repository-and-digest',
    { fault: 'announcement', rules, given: [guarded] },
    root,
    annotate(guarded, { [IMAGE_TO_SYNC]: `evil.example/x@${bad}` }),
  ),
  // The image carries "@" and a digest that is approved; Config Sync appends what it pulled.
  attack('pinned-to-good-pulled-bad', { fault: 'announcement', rules, given: [guarded] }, [
    passes(tenant, merge(guarded, { spec: { oci: { image: `${REPOSITORY}@${good}` } } })),
    refused(root, annotate(guarded, { [IMAGE_TO_SYNC]: `${REPOSITORY}@${good}@${bad}` })),
  ]),
  attack('spec-changed-in-the-same-write', { fault: 'announcement', rules, given: [guarded] }, [
    refused(
      tenant,
      merge(guarded, {
        metadata: { annotations: { [IMAGE_TO_SYNC]: `evil.example/x@${bad}` } },
        spec: { oci: { image: 'evil.example/x' } },
      }),
    ),
  ]),
  refusal(
    'under-open/unplain-spelling',
    {
      fault: 'announcement',
      rules,
      gate: 'open',
      given: [rootSync({}, 'us-docker.pkg.dev./acme/configs/platform:v1')],
    },
    root,
    annotate(guarded, sync(bad, 'us-docker.pkg.dev./acme/configs/platform:v1')),
  ),
  refusal(
    'glass-broken-for-another',
    { fault: 'announcement', rules, given: [rootSync({ ...approved(good), ...glass(live) })] },
    root,
    annotate(guarded, sync(bad)),
  ),
];
