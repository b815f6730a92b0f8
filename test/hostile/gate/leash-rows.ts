import { approved, bad, good, live, receipt, sync } from '#test/fixtures/gate/case.ts';
import {
  CHARTS,
  digestOf,
  gitSync,
  helmSync,
  IMAGE,
  REPOSITORY,
  rootSync,
  type RSyncManifest,
  withMetadata,
} from '#test/fixtures/rsync-manifests.ts';
import { identity, root } from './actors.ts';
import type { Attack, Write } from './attack.ts';
import { attack, passes, refusal, refused } from './row.ts';
import { alpha, annotate, apply, create, json, merge, replace } from './writes.ts';

const rules = ['leash'] as const;
const HELD = 'us-docker.pkg.dev/acme/configs/held/app';
const OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u' };

const CHART = { repo: `oci://${CHARTS}`, chart: 'x', version: '1.2.3', auth: 'none' };

const rich = withMetadata(rootSync({ ...approved(good), 'acme.example/owner': 'a' }), {
  labels: { tier: 'prod' },
  finalizers: ['acme.example/hold'],
});
const approval = { annotations: approved(live) };

type Change = { readonly metadata?: object; readonly spec?: object };

/** What a taken-over Countersign would like to change beside its approval, on any RSync. */
const BEYOND: readonly (readonly [name: string, body: Change])[] = [
  ['label-added', { metadata: { labels: { a: 'b' } } }],
  ['label-changed', { metadata: { labels: { tier: 'test' } } }],
  ['labels-removed', { metadata: { labels: null } }],
  ['finalizer-added', { metadata: { finalizers: ['acme.example/hold', 'acme.example/more'] } }],
  ['finalizers-removed', { metadata: { finalizers: null } }],
  ['owner-added', { metadata: { ownerReferences: [OWNER] } }],
  ['annotation-added', { metadata: { annotations: { 'acme.example/new': 'x' } } }],
  ['annotation-changed', { metadata: { annotations: { 'acme.example/owner': 'b' } } }],
  ['annotation-removed', { metadata: { annotations: { 'acme.example/owner': null } } }],
  [
    'deletion-propagation',
    {
      metadata: { annotations: { 'configsync.gke.io/deletion-propagation-policy': 'Foreground' } },
    },
  ],
  ['dir', { spec: { oci: { dir: 'evil' } } }],
  ['dir-removed', { spec: { oci: { dir: null } } }],
  ['auth', { spec: { oci: { auth: 'gcenode' } } }],
  ['period', { spec: { oci: { period: '1h' } } }],
  ['email', { spec: { oci: { gcpServiceAccountEmail: 'x@p.iam.gserviceaccount.com' } } }],
  ['certificate', { spec: { oci: { caCertSecretRef: { name: 'evil' } } } }],
  ['source-format', { spec: { sourceFormat: 'hierarchy' } }],
  ['source-format-removed', { spec: { sourceFormat: null } }],
  [
    'override',
    { spec: { override: { roleRefs: [{ kind: 'ClusterRole', name: 'cluster-admin' }] } } },
  ],
  ['helm-added', { spec: { helm: CHART } }],
  ['git-added', { spec: { git: { repo: 'https://git.example/x', auth: 'none' } } }],
  ['oci-removed', { spec: { oci: null } }],
  ['helm-type', { spec: { sourceType: 'helm', helm: CHART } }],
  ['other-repository', { spec: { oci: { image: `evil.example/x@${good}` } } }],
  ['other-tag', { spec: { oci: { image: `${REPOSITORY}:v2` } } }],
];

/** Images that are no digest of the same repository. */
const IMAGES: readonly (readonly [name: string, image: string])[] = [
  ['other-host', `evil.example/acme/configs/platform@${good}`],
  ['other-path', `us-docker.pkg.dev/acme/configs/other@${good}`],
  ['longer-path', `${REPOSITORY}/more@${good}`],
  ['shorter-path', `us-docker.pkg.dev/acme/configs@${good}`],
  ['prefixed', `evil.example/${REPOSITORY}@${good}`],
  ['suffixed', `${REPOSITORY}x@${good}`],
  ['other-tag-and-digest', `${REPOSITORY}:v2@${good}`],
  ['tag-alone', REPOSITORY],
  ['two-digests', `${IMAGE}@${good}@${good}`],
  ['two-digests-other-first', `evil.example/x@${good}@${good}`],
  ['sha512', `${IMAGE}@sha512:${'a'.repeat(128)}`],
  ['upper-case', `${IMAGE}@sha256:${'A'.repeat(64)}`],
  ['short', `${IMAGE}@sha256:${'a'.repeat(63)}`],
  ['long', `${IMAGE}@sha256:${'a'.repeat(65)}`],
  ['line-feed-after', `${IMAGE}@${good}\n`],
  ['line-feed-between', `evil.example/x\n${IMAGE}@${good}`],
  ['space-after', `${IMAGE}@${good} `],
  ['empty', ''],
  ['port-added', `us-docker.pkg.dev:443/acme/configs/platform@${good}`],
  ['upper-case-host', `US-docker.pkg.dev/acme/configs/platform@${good}`],
];

/** Versions that are not one exact version. */
const VERSIONS = [
  'latest',
  '',
  '1.x',
  '^1.2.0',
  '>=1.0.0',
  '1.2',
  '1.2.3 || 9.9.9',
  '1.2.4 ',
  '1.2.4\n',
  '1.2.4\n9.9.9',
  '*',
];

const pin = (image: string): Write => merge(rich, { spec: { oci: { image } } });
const helmWrites: readonly (readonly [name: string, body: object])[] = [
  ['chart', { chart: 'evil' }],
  ['repository', { repo: 'oci://evil.example/charts' }],
  ['values', { values: { a: 'b' } }],
  ['release-name', { releaseName: 'evil' }],
  ['version-removed', { version: null }],
  ['auth', { auth: 'gcenode' }],
  ['chart-and-version', { chart: 'evil', version: '1.2.4' }],
];

/** The same change by other kinds of write. */
const WAYS: readonly (readonly [name: string, write: Write])[] = [
  ['put', replace(withMetadata(rich, { labels: { tier: 'test' } }))],
  ['json', json(rich, { op: 'replace', path: '/spec/oci/dir', value: 'evil' })],
  ['json-spec', json(rich, { op: 'replace', path: '/spec', value: gitSync().spec })],
  ['apply', apply(rich, { metadata: { labels: { tier: 'test' } } })],
  ['alpha', merge(alpha(rich), { metadata: { labels: { tier: 'test' } } })],
  ['dry-run', { ...merge(rich, { metadata: { labels: null } }), dryRun: true }],
];

const pinnedSync = (object: RSyncManifest) =>
  ({ fault: 'pin', rules, gate: 'pin', given: [object] }) as const;
const heldImage = rootSync({}, `${HELD}:v1`);

const PINNED = 'us-docker.pkg.dev/acme/pinned/app';
const pinnedImage = rootSync({}, `${IMAGE}@${good}`);
/** What a pin of a way back is not to become. */
const FREED: readonly (readonly [name: string, object: RSyncManifest, image: string])[] = [
  ['under-pin', rootSync({}, `${PINNED}:v1@${good}`), `${PINNED}:v1`],
  ['without-tag', pinnedImage, REPOSITORY],
  ['other-tag', pinnedImage, `${REPOSITORY}:v2`],
  ['longer-tag', pinnedImage, `${IMAGE}1`],
  ['other-path', pinnedImage, `${REPOSITORY}x:v1`],
  ['empty', pinnedImage, ''],
  ['at-alone', pinnedImage, `${IMAGE}@`],
  ['where-an-earlier-entry-does-not', rootSync({}, `${HELD}:v1@${good}`), `${HELD}:v1`],
  ['what-no-entry-names', rootSync({}, `other.example/x:v1@${good}`), 'other.example/x:v1'],
];

/** How far Countersign's own identity may go. */
export const leashRows: readonly Attack[] = [
  ...BEYOND.flatMap(([name, body]) =>
    (['gate', 'pin'] as const).map((gate) =>
      refusal(
        `${name}/${gate}`,
        { fault: 'leash', rules, gate, given: [rich] },
        identity,
        merge(rich, body),
      ),
    ),
  ),
  // Hidden behind an honest approval.
  ...BEYOND.filter(([name]) => !name.startsWith('annotation') && name !== 'deletion-propagation')
    .slice(0, 6)
    .map(([name, body]) =>
      refusal(
        `${name}/with-approval`,
        { fault: 'leash', rules, given: [rich] },
        identity,
        merge(rich, {
          ...body,
          metadata: { ...body.metadata, ...approval },
        }),
      ),
    ),
  ...WAYS.map(([name, write]) =>
    refusal(
      `way/${name}`,
      {
        fault: 'leash',
        rules: name === 'json-spec' ? ['leash', 'other-source'] : rules,
        given: [rich],
      },
      identity,
      write,
    ),
  ),
  refusal('creates', { fault: 'leash', rules }, identity, create(rootSync())),
  refusal(
    'creates-by-apply',
    { fault: 'leash', rules },
    identity,
    apply(rootSync(), { spec: rootSync().spec }),
  ),
  refusal(
    'pins-where-the-config-does-not',
    { fault: 'pin', rules, given: [rich] },
    identity,
    pin(`${IMAGE}@${good}`),
  ),
  refusal(
    'pins-where-an-earlier-entry-does-not',
    pinnedSync(heldImage),
    identity,
    merge(heldImage, { spec: { oci: { image: `${HELD}:v1@${good}` } } }),
  ),
  refusal(
    'pins-what-no-entry-names',
    pinnedSync(rootSync({}, 'other.example/x:v1')),
    identity,
    merge(rootSync(), { spec: { oci: { image: `other.example/x:v1@${good}` } } }),
  ),
  ...IMAGES.map(([name, image]) =>
    refusal(`image/${name}`, pinnedSync(rich), identity, pin(image)),
  ),
  ...VERSIONS.map((version, index) =>
    refusal(
      `version/${index}`,
      pinnedSync(helmSync()),
      identity,
      merge(helmSync(), { spec: { helm: { version } } }),
    ),
  ),
  ...helmWrites.map(([name, helm]) =>
    refusal(
      `helm/${name}`,
      pinnedSync(helmSync()),
      identity,
      merge(helmSync(), { spec: { helm } }),
    ),
  ),
  ...FREED.map(([name, object, image]) =>
    refusal(
      `freed/${name}`,
      { fault: 'pin', rules, gate: 'back', given: [object] },
      identity,
      merge(object, { spec: { oci: { image } } }),
    ),
  ),
  refusal(
    'announces-what-it-did-not-approve',
    { fault: 'announcement', rules: ['announcement'], given: [rich] },
    identity,
    annotate(rich, { ...approved(good), ...sync(bad) }),
  ),
  // What is pinned is gated all the same.
  attack(
    'pinned-and-not-approved',
    { fault: 'pin', rules: ['announcement'], gate: 'pin', given: [rich] },
    [
      passes(identity, pin(`${IMAGE}@${bad}`)),
      refused(root, annotate(rich, sync(bad, `${IMAGE}@${bad}`))),
    ],
  ),
  // Not attacks.
  attack('honest/approves', { fault: 'leash', rules: [], given: [rich] }, [
    passes(identity, annotate(rich, { ...approved(live, good), ...receipt(), ...sync(live) })),
    passes(identity, annotate(rich, { ...approved(), ...receipt('{}') })),
  ]),
  attack('honest/pins', { fault: 'pin', rules: [], gate: 'pin', given: [rich] }, [
    passes(
      identity,
      merge(rich, {
        metadata: { annotations: approved(live, good) },
        spec: { oci: { image: `${IMAGE}@${live}` } },
      }),
    ),
    passes(identity, pin(`${IMAGE}@${digestOf('c')}`)),
    passes(identity, pin(`${REPOSITORY}@${digestOf('d')}`)),
  ]),
  attack('honest/goes-back', { fault: 'pin', rules: [], gate: 'back', given: [rich] }, [
    passes(identity, pin(`${IMAGE}@${live}`)),
    passes(identity, pin(`${IMAGE}@${good}`)),
    passes(identity, pin(IMAGE)),
  ]),
  attack('honest/pins-a-chart', { fault: 'pin', rules: [], gate: 'pin', given: [helmSync()] }, [
    passes(identity, merge(helmSync(), { spec: { helm: { version: '1.2.4' } } })),
    passes(identity, merge(helmSync(), { spec: { helm: { version: 'v2.0.0-rc.1+build.7' } } })),
  ]),
];
