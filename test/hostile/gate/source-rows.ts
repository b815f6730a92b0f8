import { approved, bad, chart, good, sync } from '#test/fixtures/gate/case.ts';
import {
  gitSync,
  helmSync,
  IMAGE,
  repoSync,
  rootSync,
  type RSyncManifest,
  withSpec,
} from '#test/fixtures/rsync-manifests.ts';
import { admin, identity, root, teamA, tenant } from './actors.ts';
import type { Attack } from './attack.ts';
import { attack, passes, refusal, refused } from './row.ts';
import { alpha, annotate, annotated, apply, create, merge, replace } from './writes.ts';

const rules = ['other-source'] as const;
const GIT = { repo: 'https://git.example/configs', branch: 'main', auth: 'none' };

function sourced(spec: Record<string, unknown>): RSyncManifest {
  return withSpec(repoSync(), spec);
}

function helm(repo: string): RSyncManifest {
  const { sourceFormat: _, ...spec } = helmSync({}, { repo }).spec;
  return sourced(spec);
}

/** Sources of which Config Sync announces nothing. */
const SILENT: readonly (readonly [name: string, object: RSyncManifest])[] = [
  ['git', sourced({ sourceType: 'git', git: GIT })],
  ['no-source-type', sourced({ git: GIT })],
  ['empty-source-type', sourced({ sourceType: '', git: GIT })],
  ['git-beside-oci', sourced({ sourceType: 'git', git: GIT, oci: { image: IMAGE, auth: 'none' } })],
  ['http-chart', helm('http://charts.example')],
  ['https-chart', helm('https://charts.example')],
  ['upper-case-scheme', helm('OCI://us-docker.pkg.dev/acme/charts')],
  ['space-before-scheme', helm(' oci://us-docker.pkg.dev/acme/charts')],
  ['no-scheme', helm('us-docker.pkg.dev/acme/charts')],
  ['empty-repository', helm('')],
  ['oci-type-without-oci', sourced({ sourceType: 'helm', oci: { image: IMAGE, auth: 'none' } })],
];

const old = repoSync(approved(good));
const moved = { sourceType: 'git', git: GIT, oci: null };

/** Sources that announce nothing: no rule about announcements meets them. */
export const sourceRows: readonly Attack[] = [
  ...SILENT.flatMap(([name, object]) => [
    refusal(`${name}/create`, { fault: 'other-source', rules }, tenant, create(object)),
    refusal(
      `${name}/put`,
      { fault: 'other-source', rules, given: [old] },
      tenant,
      replace(annotated(object, approved(good))),
    ),
    // Older than the gate: what its reconciler sends at each attempt.
    refusal(
      `${name}/attempt`,
      { fault: 'other-source', rules, given: [object] },
      teamA,
      annotate(object, { 'configsync.gke.io/image-to-sync': null }),
    ),
  ]),
  refusal(
    'git/create-alpha',
    { fault: 'other-source', rules },
    tenant,
    create(alpha(sourced({ git: GIT }))),
  ),
  refusal(
    'git/create-apply',
    { fault: 'other-source', rules },
    tenant,
    apply(repoSync(), { spec: { sourceType: 'git', git: GIT } }),
  ),
  refusal(
    'git/merge',
    { fault: 'other-source', rules, given: [old] },
    tenant,
    merge(old, { spec: moved }),
  ),
  refusal('git/admin-root', { fault: 'other-source', rules }, admin, create(gitSync())),
  refusal(
    'git/by-its-reconciler',
    { fault: 'other-source', rules, given: [old] },
    teamA,
    merge(old, { spec: moved }),
  ),
  refusal('git/dry-run', { fault: 'other-source', rules }, tenant, {
    ...create(sourced({ git: GIT })),
    dryRun: true,
  }),
  refusal(
    'git/with-an-approved-announcement',
    { fault: 'other-source', rules, given: [old] },
    tenant,
    merge(old, { metadata: { annotations: sync(good) }, spec: moved }),
  ),
  refusal(
    'git/moved-by-countersign',
    { fault: 'other-source', rules: ['other-source', 'leash'], given: [old] },
    identity,
    merge(old, { spec: moved }),
  ),
  // There, and back: the pod of the git source is still running while the spec names an image again.
  attack(
    'flip/git-pod-under-an-image',
    { fault: 'silenced-object', rules: ['no-announcement'], given: [repoSync(approved(good))] },
    [refused(teamA, annotate(old, { 'configsync.gke.io/image-to-sync': null }))],
  ),
  attack(
    'flip/announcement-removed',
    {
      fault: 'silenced-object',
      rules: ['no-announcement'],
      given: [repoSync({ ...approved(good), ...sync(good) })],
    },
    [refused(teamA, annotate(old, { 'configsync.gke.io/image-to-sync': null }))],
  ),
  attack(
    'flip/git-pod-under-a-chart',
    { fault: 'silenced-object', rules: ['no-announcement'], given: [helmSync()] },
    [refused(root, annotate(helmSync(), { 'configsync.gke.io/image-to-sync': null }))],
  ),
  attack(
    'flip/switched-in-the-same-write',
    { fault: 'announcement', rules: ['announcement'], given: [rootSync(approved(good))] },
    [
      refused(
        tenant,
        merge(rootSync(), {
          metadata: { annotations: chart('1.2.3') },
          spec: { sourceType: 'helm', oci: null, helm: helmSync().spec['helm'] },
        }),
      ),
    ],
  ),
  attack(
    'flip/image-as-chart',
    { fault: 'announcement', rules: ['announcement'], given: [helmSync(approved(good))] },
    [refused(root, annotate(helmSync(), sync(good)))],
  ),
  attack(
    'flip/back-with-its-old-announcement',
    { fault: 'announcement', rules: ['announcement'], given: [old] },
    [
      passes(identity, annotate(old, approved())),
      refused(teamA, annotate(old, sync(good))),
      refused(tenant, annotate(old, sync(bad))),
    ],
  ),
  // Not attacks: honest writes on honest sources.
  attack('honest/image', { fault: 'other-source', rules: [] }, [
    passes(tenant, create(repoSync())),
    passes(identity, annotate(repoSync(), approved(good))),
    passes(teamA, annotate(repoSync(), sync(good))),
    passes(tenant, merge(repoSync(), { spec: { oci: { dir: 'sub' } } })),
    passes(teamA, annotate(repoSync(), sync(good))),
  ]),
  attack(
    'honest/metadata-of-a-git-source',
    { fault: 'other-source', rules: [], given: [gitSync()] },
    [passes(admin, merge(gitSync(), { metadata: { labels: { tier: 'test' } } }))],
  ),
  attack('honest/back-to-an-image', { fault: 'other-source', rules: [], given: [gitSync()] }, [
    passes(admin, replace(rootSync())),
  ]),
];
