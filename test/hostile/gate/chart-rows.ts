import { approved, chart, chartKey, glass } from '#test/fixtures/gate/case.ts';
import { CHARTS, helmSync, type RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { admin, identity, manager, root, tenant } from './actors.ts';
import type { Attack, Step } from './attack.ts';
import { attack, passes, refusal, refused } from './row.ts';
import { annotate, create, merge } from './writes.ts';

const rules = ['announcement'] as const;
const key = approved(chartKey('1.2.3'));
type Helm = Parameters<typeof helmSync>[1];

/** reconciler-manager has seen this generation, and its roll-out is over. */
function settle(observedGeneration: number): Step {
  const conditions = [{ type: 'Reconciling', status: 'False' }];
  return passes(manager, {
    ...merge(helmSync(), { status: { observedGeneration, conditions } }),
    subresource: 'status',
  });
}

function rollOut(observedGeneration: number): Step {
  const conditions = [{ type: 'Reconciling', status: 'True', reason: 'Deployment' }];
  return passes(manager, {
    ...merge(helmSync(), { status: { observedGeneration, conditions } }),
    subresource: 'status',
  });
}

/** Sources and announcements that are not the approved chart, at an approved version. */
const NAMES: readonly (readonly [name: string, helm: Helm, announced: Record<string, string>])[] = [
  ['other-chart', { chart: 'evil' }, chart('1.2.3')],
  [
    'other-repository',
    { repo: 'oci://evil.example/charts' },
    chart('1.2.3', 'oci://evil.example/charts'),
  ],
  ['announced-of-another-repository', {}, chart('1.2.3', 'oci://evil.example/charts')],
  ['trailing-slash', { repo: `oci://${CHARTS}/` }, chart('1.2.3', `oci://${CHARTS}/`)],
  [
    'two-slashes',
    { repo: `oci://${CHARTS.replace('/acme', '//acme')}` },
    chart('1.2.3', `oci://${CHARTS.replace('/acme', '//acme')}`),
  ],
  ['dots', { repo: `oci://${CHARTS}/../charts` }, chart('1.2.3', `oci://${CHARTS}/../charts`)],
  ['dots-in-chart', { chart: '../charts/platform' }, chart('1.2.3')],
  [
    'user-info',
    { repo: `oci://user:secret@${CHARTS}` },
    chart('1.2.3', `oci://user:secret@${CHARTS}`),
  ],
  [
    'port',
    { repo: 'oci://us-docker.pkg.dev:443/acme/charts' },
    chart('1.2.3', 'oci://us-docker.pkg.dev:443/acme/charts'),
  ],
  [
    'upper-case-host',
    { repo: 'oci://US-docker.pkg.dev/acme/charts' },
    chart('1.2.3', 'oci://US-docker.pkg.dev/acme/charts'),
  ],
  ['chart-with-version', { chart: 'platform:1.2.3' }, chart('9.9.9')],
  ['chart-with-digest', { chart: 'platform@sha256:0' }, chart('1.2.3')],
  ['empty-chart', { chart: '' }, chart('1.2.3')],
  ['query', { repo: `oci://${CHARTS}?x=` }, chart('1.2.3', `oci://${CHARTS}?x=`)],
  ['build-metadata', { version: '1.2.3+evil' }, chart('1.2.3+evil')],
  ['build-metadata-underscore', { version: '1.2.3_evil' }, chart('1.2.3_evil')],
  ['pre-release', { version: '1.2.3-evil' }, chart('1.2.3-evil')],
  ['leading-v', { version: 'v1.2.3' }, chart('v1.2.3')],
  ['space-after-version', {}, chart('1.2.3 ')],
  ['version-twice', {}, chart('1.2.3@sha256:9.9.9')],
  ['newer-version', {}, chart('1.2.4')],
  ['prefix-of-version', {}, chart('1.2')],
  ['no-version', {}, chart('')],
];

const held = (helm: Helm = {}, annotations: Record<string, string> = key): RSyncManifest =>
  helmSync(annotations, helm);

/** Charts: what is announced names no chart, so the spec of the moment says which one is meant. */
export const chartRows: readonly Attack[] = [
  ...NAMES.map(([name, helm, announced]) =>
    attack(name, { fault: 'chart-name', rules, given: [held(helm)] }, [
      settle(1),
      refused(root, annotate(helmSync(), announced)),
    ]),
  ),
  ...['latest', '1.x', '', '*', '^1.2.0', '~1', '>=1.0.0 <2.0.0'].map((version, index) =>
    attack(
      `range-${index}-${version === 'latest' ? 'latest' : 'range'}`,
      {
        fault: 'chart-name',
        rules,
        given: [held({ version }, approved(chartKey(version === '' ? '0' : version)))],
      },
      [
        settle(1),
        // Where the word itself was approved, as if it were a version.
        refused(root, annotate(helmSync(), chart(version === 'latest' ? 'latest' : '9.9.9'))),
      ],
    ),
  ),
  attack('pulled-before-the-spec-is-back', { fault: 'chart-swap', rules, given: [held()] }, [
    settle(1),
    passes(root, annotate(helmSync(), chart('1.2.3'))),
    passes(tenant, merge(helmSync(), { spec: { helm: { chart: 'evil' } } })),
    settle(2),
    // helm-sync has pulled evil 1.2.3 by now; the spec goes back before it is announced.
    passes(tenant, merge(helmSync(), { spec: { helm: { chart: 'platform' } } })),
    refused(root, annotate(helmSync(), chart('1.2.3'))),
    rollOut(3),
    refused(root, annotate(helmSync(), chart('1.2.3'))),
    settle(3),
    passes(root, annotate(helmSync(), chart('1.2.3'))),
  ]),
  attack(
    'pulled-before-the-first-announcement',
    { fault: 'chart-swap', rules, given: [held({ chart: 'evil' })] },
    [
      settle(1),
      passes(tenant, merge(helmSync(), { spec: { helm: { chart: 'platform' } } })),
      refused(root, annotate(helmSync(), chart('1.2.3'))),
    ],
  ),
  attack('status-forged-in-the-same-write', { fault: 'chart-swap', rules, given: [held()] }, [
    refused(
      root,
      merge(helmSync(), {
        metadata: { annotations: chart('1.2.3'), generation: 1 },
        status: { observedGeneration: 1, conditions: [] },
      }),
    ),
  ]),
  attack('never-observed', { fault: 'chart-swap', rules, given: [held()] }, [
    refused(root, annotate(helmSync(), chart('1.2.3'))),
  ]),
  attack('swapped-and-sent-again', { fault: 'chart-swap', rules, given: [held()] }, [
    settle(1),
    passes(root, annotate(helmSync(), chart('1.2.3'))),
    passes(admin, merge(helmSync(), { spec: { helm: { chart: 'evil' } } })),
    settle(2),
    refused(root, annotate(helmSync(), chart('1.2.3'))),
    refused(root, merge(helmSync(), {})),
  ]),
  attack(
    'older-than-the-gate-and-swapped',
    { fault: 'chart-swap', rules, given: [held({}, chart('1.2.3'))] },
    [
      passes(tenant, merge(helmSync(), { spec: { helm: { chart: 'evil' } } })),
      settle(2),
      refused(root, annotate(helmSync(), chart('1.2.3'))),
    ],
  ),
  refusal(
    'announced-at-creation',
    { fault: 'chart-swap', rules },
    tenant,
    create(held({}, chart('1.2.3'))),
  ),
  attack(
    'glass-for-latest',
    {
      fault: 'break-glass',
      rules,
      given: [held({ version: 'latest' }, glass(chartKey('latest')))],
    },
    [settle(1), refused(root, annotate(helmSync(), chart('latest')))],
  ),
  // Not an attack.
  attack('honest', { fault: 'chart-name', rules: [] }, [
    passes(tenant, create(held({}, {}))),
    settle(1),
    passes(identity, annotate(helmSync(), key)),
    passes(root, annotate(helmSync(), chart('1.2.3'))),
    passes(root, annotate(helmSync(), chart('1.2.3'))),
  ]),
];
