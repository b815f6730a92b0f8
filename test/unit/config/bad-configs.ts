import { type BadConfig, type Row, rowsOf } from './bad-config.ts';
import { BAD_TRUST } from './bad-trust.ts';
import { BAD_ROLLOUTS } from './bad-rollouts.ts';
import { fullText, localText, rolloutsText } from './fixture.ts';

const GLOB = 'match: us-docker.pkg.dev/acme/pinned';

const ADMISSION_ACCESS =
  'mode: iap, audience: /projects/123/locations/us-central1/services/admission, emails: [webhook@p.iam.gserviceaccount.com]';

const FULL: readonly Row[] = [
  ['apiVersion: countersign.dev/v1\n', '«', 'apiVersion', 'missing'],
  ['apiVersion: countersign.dev/v1', 'apiVersion: «countersign.dev/v2', 'apiVersion', 'bad-value'],
  ['unmatched: deny', 'unmatched: «allow', 'unmatched', 'bad-value'],
  ['unmatched: deny', 'unmatched: deny\notherSources: «allow', 'otherSources', 'bad-value'],
  ['unmatched: deny', '«unmached: deny', 'unmached', 'unknown-key'],
  ['unmatched: deny', '«__proto__: {}', '__proto__', 'unknown-key'],
  // fleet
  ['gkeHub: {', '«gke: {}\n  gkeHub: {', 'fleet.gke', 'unknown-key'],
  [
    '  gkeHub: { projects: [fleet-host], labelSelector: "env in (staging, prod)" }',
    '  «{}',
    'fleet',
    'missing',
  ],
  ['fleet:\n  gkeHub', 'fleet:\n  «kubeconfig: { path: a }\n  gkeHub', 'fleet', 'conflict'],
  ['projects: [fleet-host]', 'projects: «fleet-host', 'fleet.gkeHub.projects', 'wrong-type'],
  ['projects: [fleet-host]', 'projects: «[]', 'fleet.gkeHub.projects', 'bad-value'],
  ['[fleet-host]', '[fleet-host, «Fleet Host]', 'fleet.gkeHub.projects[1]', 'bad-value'],
  ['{ projects: [fleet-host],', '«{', 'fleet.gkeHub.projects', 'missing'],
  [
    'projects: [fleet-host]',
    'projects: [fleet-host], dnsEndpoints: «yes»',
    'fleet.gkeHub.dnsEndpoints',
    'wrong-type',
  ],
  ['labelSelector: "', '«selector: "', 'fleet.gkeHub.selector', 'unknown-key'],
  ['"env in (staging, prod)"', '«"env in staging"', 'fleet.gkeHub.labelSelector', 'bad-value'],
  ['"env in (staging, prod)"', '«" "', 'fleet.gkeHub.labelSelector', 'bad-value'],
  // registries
  ['registries:\n', 'registries:\n  - «{ plainHttp: false }\n', 'registries[0].host', 'missing'],
  ['"127.0.0.1:5000"', '«"http://127.0.0.1:5000"', 'registries[0].host', 'bad-value'],
  ['"127.0.0.1:5000"', '«"127.0.0.1:5000/configs"', 'registries[0].host', 'bad-value'],
  ['"127.0.0.1:5000"', '«registry', 'registries[0].host', 'bad-value'],
  ['host: registry.acme.example', 'host: «"127.0.0.1:5000"', 'registries[2].host', 'duplicate'],
  ['plainHttp: true', 'plainHttp: «"yes"', 'registries[0].plainHttp', 'wrong-type'],
  [
    'plainHttp: true, auth: none',
    'plainHttp: «true, auth: google',
    'registries[0].plainHttp',
    'conflict',
  ],
  ['auth: none', 'auth: «basic', 'registries[0].auth', 'bad-value'],
  ['auth: google', 'auth: «dockerConfig', 'registries[1].auth', 'conflict'],
  [', auth: google', '', 'registries[1].auth', 'conflict'],
  ['us-docker.pkg.dev, auth: google', 'eu.gcr.io, auth: «none', 'registries[1].auth', 'conflict'],
  ['auth: google', 'auth: google, plainHttp: «true', 'registries[1].plainHttp', 'conflict'],
  ['auth: none', 'auth: none, «token: x', 'registries[0].token', 'unknown-key'],
  [
    '[auth.registry.acme.example]',
    '[«https://auth.registry.acme.example]',
    'registries[2].realms[0]',
    'bad-value',
  ],
  [
    '[auth.registry.acme.example]',
    '«auth.registry.acme.example',
    'registries[2].realms',
    'wrong-type',
  ],
  ['auth: none', 'auth: none, referrers: «never', 'registries[0].referrers', 'bad-value'],
  ['auth: none', 'auth: none, ca: «ca.pem', 'registries[0].ca', 'conflict'],
  ['auth: none', 'auth: none, proxy: «socks5://a:1', 'registries[0].proxy', 'bad-value'],
  // proxy
  ['unmatched: deny', 'unmatched: deny\nproxy: { url: «https://a:1 }', 'proxy.url', 'bad-value'],
  ['unmatched: deny', 'unmatched: deny\nproxy: { url: «"http://[" }', 'proxy.url', 'bad-value'],
  [
    'unmatched: deny',
    'unmatched: deny\nproxy: { url: «"http://a:99999" }',
    'proxy.url',
    'bad-value',
  ],
  ['unmatched: deny', 'proxy: «{ except: [a] }', 'proxy.url', 'missing'],
  ['unmatched: deny', 'proxy: «http://a:1', 'proxy', 'wrong-type'],
  ['unmatched: deny', 'proxy: { url: "http://a:1", «host: b }', 'proxy.host', 'unknown-key'],
  [
    'unmatched: deny',
    'unmatched: deny\nproxy: { url: "http://a:1", except: [«10.0.0.0/8] }',
    'proxy.except[0]',
    'bad-value',
  ],
  // images
  [GLOB, 'match: «acme/pinned', 'images[1].match', 'bad-value'],
  [GLOB, 'match: «us-docker.pkg.dev/acme/pinned:v1', 'images[1].match', 'bad-value'],
  [GLOB, 'match: «us-docker.pkg.dev/acme/configs/**', 'images[1].match', 'duplicate'],
  [GLOB, 'match: «US-docker.pkg.dev:443/acme/configs/**', 'images[1].match', 'duplicate'],
  [`- ${GLOB}\n    `, '- «', 'images[1].match', 'missing'],
  ['trust: open', 'trust: «opne', 'images[2].trust', 'bad-value'],
  ['trust: open', 'trust: «constructor', 'images[2].trust', 'bad-value'],
  ['trust: open', 'effect: gate', 'images[2].trust', 'missing'],
  ['effect: pin', 'effect: «annotate', 'images[1].effect', 'bad-value'],
  ['effect: gate', 'effect: gate\n    track: «v1', 'images[0].track', 'conflict'],
  ['track: v1', 'track: «"v 1"', 'images[1].track', 'bad-value'],
  ['track: v1', 'track: {semver: «"1.x, <2"}', 'images[1].track.semver', 'bad-value'],
  ['track: v1', 'track: {semver: «1.4}', 'images[1].track.semver', 'wrong-type'],
  ['track: v1', 'track: {semver: «">=1.2.0-rc.1"}', 'images[1].track.semver', 'bad-value'],
  [
    'track: v1',
    'track: {semver: «">=1-0 <2", prereleases: false}',
    'images[1].track.semver',
    'bad-value',
  ],
  ['track: v1', 'track: {semver: 1.x, order: «newest}', 'images[1].track.order', 'conflict'],
  [
    'track: v1',
    'track: {semver: 1.x, prereleases: «maybe}',
    'images[1].track.prereleases',
    'wrong-type',
  ],
  ['track: v1', 'track: {semver: 1.x, «range: 2}', 'images[1].track.range', 'unknown-key'],
  [
    'track: v1',
    'track: {semver: 1.x, filter: «"app-(.*)$"}',
    'images[1].track.filter',
    'bad-value',
  ],
  [
    'track: v1',
    'track: {semver: 1.x, filter: «"^(?<a>x)(?<b>y)$"}',
    'images[1].track.filter',
    'bad-value',
  ],
  ['track: v1', 'track: {semver: 1.x, filter: «"^(?!a)b$"}', 'images[1].track.filter', 'bad-value'],
  ['track: v1', 'track: «{prereleases: true}', 'images[1].track', 'missing'],
  [
    'track: v1',
    'track: «{semver: 1.x, pattern: "^(?<a>x)$", order: newest}',
    'images[1].track',
    'conflict',
  ],
  ['track: v1', 'track: {pattern: "^(?<a>x)$"}', 'images[1].track.order', 'missing'],
  [
    'track: v1',
    'track: {pattern: "^(?<a>x)$", order: «random}',
    'images[1].track.order',
    'bad-value',
  ],
  [
    'track: v1',
    'track: {pattern: «"^[0-9]+$", order: numerical}',
    'images[1].track.pattern',
    'bad-value',
  ],
  ['track: v1', 'track: v1\n    unverified: «skip', 'images[1].unverified', 'conflict'],
  ['effect: gate', 'effect: gate\n    track: «{semver: 1.x}', 'images[0].track', 'conflict'],
  ['"tier != sandbox"', '«"tier =! sandbox"', 'images[0].clusters', 'bad-value'],
  ['downgrade: deny', 'downgrade: «block', 'images[1].downgrade', 'bad-value'],
  ['downgrade: deny', '«degrade: deny', 'images[1].degrade', 'unknown-key'],
  ['trust: open', 'trust: open\n    content: «none', 'images[2].content', 'wrong-type'],
  ['maxBytes: 134217728', 'maxBytes: «0', 'images[1].content.maxBytes', 'bad-value'],
  [
    'maxUnpackedBytes: 1073741824',
    'maxUnpackedBytes: «1Gi',
    'images[1].content.maxUnpackedBytes',
    'wrong-type',
  ],
  ['maxEntries: 100000', 'maxEntries: «1.5', 'images[1].content.maxEntries', 'wrong-type'],
  ['maxDepth: 32', 'maxDepth: «256', 'images[1].content.maxDepth', 'too-large'],
  ['maxPathBytes: 512', 'maxPathBytes: «-1', 'images[1].content.maxPathBytes', 'bad-value'],
  ['timeout: 2m', 'timeout: «0s', 'images[1].content.timeout', 'bad-value'],
  ['empty: allow', 'empty: «yes', 'images[1].content.empty', 'bad-value'],
  ['empty: allow', '«layers: 4', 'images[1].content.layers', 'unknown-key'],
  // topics, store
  ['  tasks: projects/p/topics/countersign-tasks\n  s', '  «s', 'topics.tasks', 'missing'],
  [
    'tasks: projects/p/topics/countersign-tasks',
    'tasks: «countersign-tasks',
    'topics.tasks',
    'bad-value',
  ],
  ['topics/countersign-sweep-tasks', 'topics/countersign-tasks', 'topics.sweepTasks', 'duplicate'],
  [
    'resyncTasks: projects/p/topics/countersign-resync-tasks',
    'resyncTasks: «projects/p/topics/goog-tasks',
    'topics.resyncTasks',
    'bad-value',
  ],
  ['status: projects/p', 'status: «1', 'topics.status', 'bad-value'],
  ['deadLetters:', '«deadLetter: x\n  deadLetters:', 'topics.deadLetter', 'unknown-key'],
  ['deadLetters: projects', 'deadLetters: «//pubsub/projects', 'topics.deadLetters', 'bad-value'],
  ['store: { firestore: { project: p, database: countersign } }', '', 'store', 'missing'],
  ['{ firestore: { project: p, database: countersign } }', '«{}', 'store', 'missing'],
  ['store: { firestore', 'store: «{ sqlite: { path: a }, firestore', 'store', 'conflict'],
  ['store: { firestore', 'store: { «redis: {}, firestore', 'store.redis', 'unknown-key'],
  ['project: p,', 'project: «P,', 'store.firestore.project', 'bad-value'],
  [', database: countersign', '', 'store.firestore.database', 'missing'],
  ['database: countersign', 'database: «db', 'store.firestore.database', 'bad-value'],
  [
    'database: countersign',
    'database: countersign, «region: x',
    'store.firestore.region',
    'unknown-key',
  ],
  // admission
  ['admission: { mode: warn', 'admission: { mode: «audit', 'admission.mode', 'bad-value'],
  ['unchanged: verify', 'unchanged: «deny', 'admission.unchanged', 'bad-value'],
  ['staleFor: 20m', 'staleFor: «20', 'admission.staleFor', 'wrong-type'],
  ['staleFor: 20m', 'staleFor: «169h', 'admission.staleFor', 'bad-value'],
  ['deadline: 5s', 'deadline: «99ms', 'admission.deadline', 'bad-value'],
  ['deadline: 5s', 'deadline: «30s', 'admission.deadline', 'bad-value'],
  ['deadline: 5s', '«timeout: 5s', 'admission.timeout', 'unknown-key'],
  // sweep, gate
  ['period: 15m', 'period: «15', 'sweep.period', 'wrong-type'],
  ['period: 15m', 'period: «999ms', 'sweep.period', 'bad-value'],
  ['period: 15m', 'period: «169h', 'sweep.period', 'bad-value'],
  ['withdrawBrake: 5%', 'withdrawBrake: «101%', 'sweep.withdrawBrake', 'bad-value'],
  ['pendingAfter: 1h', 'pendingAfter: «1 hour', 'sweep.pendingAfter', 'bad-value'],
  ['blockedAfter: 2m', 'blockedAfter: «-2m', 'sweep.blockedAfter', 'bad-value'],
  ['liveAfter: 10m', 'liveAfter: «soon', 'sweep.liveAfter', 'bad-value'],
  ['deletingAfter: 10m', 'deletingAfter: «169h', 'sweep.deletingAfter', 'bad-value'],
  ['blockedAfter: 2m', 'blockedAfter: 2m, «every: 1m', 'sweep.every', 'unknown-key'],
  [
    'identity: countersign@p.iam.gserviceaccount.com',
    'identity: «"x\' || true"',
    'gate.identity',
    'bad-value',
  ],
  ['{ identity: countersign@p.iam.gserviceaccount.com,', '«{', 'gate.identity', 'missing'],
  ['[oncall@acme.example]', '[«"*"]', 'gate.breakGlass[0]', 'bad-value'],
  ['[oncall@acme.example]', '«oncall@acme.example', 'gate.breakGlass', 'wrong-type'],
  ['mayHold: anyone', 'mayHold: «nobody', 'gate.mayHold', 'bad-value'],
  ['gate: { identity', 'gate: { «groups: [], identity', 'gate.groups', 'unknown-key'],
  // access
  ['push: { mode: iam', 'push: { mode: «oauth', 'access.push.mode', 'bad-value'],
  ['push: { mode: iam,', 'push: «{', 'access.push.mode', 'missing'],
  ['audience: https://push.countersign.example, ', '', 'access.push.audience', 'missing'],
  [
    'audience: https://cluster.countersign.example',
    'audience: «"a b"',
    'access.cluster.audience',
    'bad-value',
  ],
  ['[scheduler@p.iam.gserviceaccount.com]', '«[]', 'access.sweep.emails', 'bad-value'],
  [
    '[scheduler@p.iam.gserviceaccount.com]',
    '[«"*@acme.example"]',
    'access.sweep.emails[0]',
    'bad-value',
  ],
  [
    'mode: verify, audience: https://sweep.countersign.example, emails: [scheduler@p.iam.gserviceaccount.com]',
    'mode: none, «audience: x',
    'access.sweep.audience',
    'unknown-key',
  ],
  ['[dev@acme.example]', '[«dev]', 'access.api.viewers[0]', 'bad-value'],
  ['[ops@acme.example]', '«ops@acme.example', 'access.api.invokers', 'wrong-type'],
  [
    'viewers: [dev@acme.example], invokers: [ops@acme.example]',
    'viewers: []',
    'access.api',
    'missing',
  ],
  [
    'viewers: [dev@acme.example], ',
    'viewers: [], «emails: [], ',
    'access.api.emails',
    'unknown-key',
  ],
  ['api: { mode: verify', 'api: { mode: «iam', 'access.api.mode', 'bad-value'],
  ['admission: { mode: iap', 'admission: { mode: «mtls', 'access.admission.mode', 'bad-value'],
  [ADMISSION_ACCESS, 'mode: path, sha256: «[]', 'access.admission.sha256', 'bad-value'],
  [
    ADMISSION_ACCESS,
    `mode: path, sha256: [«${'A'.repeat(64)}]`,
    'access.admission.sha256[0]',
    'bad-value',
  ],
  [`{ ${ADMISSION_ACCESS}`, '«{ mode: path', 'access.admission.sha256', 'missing'],
  [
    ADMISSION_ACCESS,
    `mode: path, «secret: x, sha256: [${'a'.repeat(64)}]`,
    'access.admission.secret',
    'unknown-key',
  ],
  [
    'audience: /projects/123/locations/us-central1/services/admission',
    'audience: «https://admission.example',
    'access.admission.audience',
    'bad-value',
  ],
  ['  push: { mode: iam', '  «pull: {}\n  push: { mode: iam', 'access.pull', 'unknown-key'],
];

const KUBECONFIG =
  'kubeconfig: { path: ./kubeconfig, contexts: [cluster-1, cluster-2], labels: { cluster-1: { env: prod } } }';

/** The other kinds of fleet, in place of that one. */
const IN_SECRETS = ['argocd', 'clusterApi'].flatMap((kind): readonly Row[] => [
  [KUBECONFIG, `${kind}: «[]`, `fleet.${kind}`, 'wrong-type'],
  [KUBECONFIG, `${kind}: { «project: p }`, `fleet.${kind}.project`, 'unknown-key'],
  [KUBECONFIG, `${kind}: { namespace: «[a] }`, `fleet.${kind}.namespace`, 'wrong-type'],
  [KUBECONFIG, `${kind}: { kubeconfig: «~/.kube/config }`, `fleet.${kind}.kubeconfig`, 'bad-value'],
  [KUBECONFIG, `${kind}: { context: «"" }`, `fleet.${kind}.context`, 'bad-value'],
  [KUBECONFIG, `${kind}: { labelSelector: «a in b }`, `fleet.${kind}.labelSelector`, 'bad-value'],
  [KUBECONFIG, `${kind}: { plugins: «aws }`, `fleet.${kind}.plugins`, 'wrong-type'],
  [KUBECONFIG, `${kind}: { plugins: «[aws] }`, `fleet.${kind}.plugins`, 'conflict'],
  [
    KUBECONFIG,
    `${kind}: { plugins: [aws], pluginServers: [«"a:443"] }`,
    `fleet.${kind}.pluginServers[0]`,
    'bad-value',
  ],
  [
    KUBECONFIG,
    `${kind}: { plugins: [aws], pluginServers: [«"2001:db8::1"] }`,
    `fleet.${kind}.pluginServers[0]`,
    'bad-value',
  ],
]);

const LOCAL: readonly Row[] = [
  ...IN_SECRETS,
  ['path: ./kubeconfig', 'path: «[./kubeconfig]', 'fleet.kubeconfig.path', 'wrong-type'],
  ['{ path: ./kubeconfig,', '«{', 'fleet.kubeconfig.path', 'missing'],
  ['contexts: [', 'ca: «[ca.pem], contexts: [', 'fleet.kubeconfig.ca', 'wrong-type'],
  ['[cluster-1, cluster-2]', '[cluster-1, «2]', 'fleet.kubeconfig.contexts[1]', 'wrong-type'],
  [
    '{ cluster-1: { env: prod } }',
    '{ cluster-3: «{ env: prod } }',
    'fleet.kubeconfig.labels.cluster-3',
    'conflict',
  ],
  ['{ env: prod }', '{ env: «1 }', 'fleet.kubeconfig.labels.cluster-1.env', 'wrong-type'],
  ['contexts: [', '«context: x, contexts: [', 'fleet.kubeconfig.context', 'unknown-key'],
  ['{ path: ./store.sqlite }', '{ path: «"" }', 'store.sqlite.path', 'bad-value'],
  [
    '{ path: ./store.sqlite }',
    '{ path: ./store.sqlite, «mode: wal }',
    'store.sqlite.mode',
    'unknown-key',
  ],
  ['file: second.pub', 'file: release.pub', 'trust.release.authorities[1].key', 'duplicate'],
];

/** One line for each section, so that a whole section can be something else. */
const COMPACT_TEXT = `apiVersion: countersign.dev/v1
fleet: { gkeHub: { projects: [p] } }
registries: []
images: []
trust: {}
topics: { tasks: projects/p/topics/aaa, sweepTasks: projects/p/topics/bbb, resyncTasks: projects/p/topics/ccc, status: projects/p/topics/ddd, deadLetters: projects/p/topics/eee }
store: { firestore: { project: p, database: countersign } }
sweep: {}
gate: { identity: countersign }
access: {}
`;

/** What a history is kept in. */
const KEPT = 'records: { sqlite: { path: records.sqlite } }';

const COMPACT: readonly Row[] = [
  ['{ gkeHub: { projects: [p] } }', '«', 'fleet', 'wrong-type'],
  ['{ projects: [p] }', '«[p]', 'fleet.gkeHub', 'wrong-type'],
  ['gkeHub: { projects: [p] }', 'kubeconfig: «./kubeconfig', 'fleet.kubeconfig', 'wrong-type'],
  [
    'gkeHub: { projects: [p] }',
    'kubeconfig: { path: a, labels: «[] }',
    'fleet.kubeconfig.labels',
    'wrong-type',
  ],
  ['registries: []', 'registries: «{}', 'registries', 'wrong-type'],
  ['images: []', 'images: «{}', 'images', 'wrong-type'],
  ['images: []', 'images: [«ghcr.io/acme/**]', 'images[0]', 'wrong-type'],
  ['trust: {}', 'trust: «[]', 'trust', 'wrong-type'],
  ['trust: {}', 'trust: { a: «key }', 'trust.a', 'wrong-type'],
  ['topics: {', 'topics: «projects/p/topics/all #{', 'topics', 'wrong-type'],
  ['{ firestore: { project: p, database: countersign } }', '«firestore', 'store', 'wrong-type'],
  ['{ project: p, database: countersign }', '«p', 'store.firestore', 'wrong-type'],
  [
    '{ firestore: { project: p, database: countersign } }',
    '{ sqlite: «store.sqlite }',
    'store.sqlite',
    'wrong-type',
  ],
  ['sweep: {}', 'sweep: «15m', 'sweep', 'wrong-type'],
  ['sweep: {}', 'sweep: {}\nadmission: «[]', 'admission', 'wrong-type'],
  ['sweep: {}', 'sweep: {}\nrollouts: «[]', 'rollouts', 'wrong-type'],
  ['sweep: {}', 'sweep: {}\nrollouts: { strategies: «[] }', 'rollouts.strategies', 'wrong-type'],
  ['sweep: {}', 'sweep: {}\nrollouts: { windows: «[] }', 'rollouts.windows', 'wrong-type'],
  ['sweep: {}', 'sweep: {}\nrollouts: { freezes: «{} }', 'rollouts.freezes', 'wrong-type'],
  ['sweep: {}', `sweep: {}\n${KEPT}\nhistory: «7`, 'history', 'wrong-type'],
  ['sweep: {}', `sweep: {}\n${KEPT}\nhistory: { days: «0 }`, 'history.days', 'bad-value'],
  ['sweep: {}', `sweep: {}\n${KEPT}\nhistory: { days: «3654 }`, 'history.days', 'too-large'],
  ['sweep: {}', `sweep: {}\n${KEPT}\nhistory: { days: «1.5 }`, 'history.days', 'wrong-type'],
  ['sweep: {}', `sweep: {}\n${KEPT}\nhistory: { «hours: 1 }`, 'history.hours', 'unknown-key'],
  ['sweep: {}', 'sweep: {}\nhistory: «{}', 'history', 'conflict'],
  ['{ identity: countersign }', '«countersign', 'gate', 'wrong-type'],
  ['access: {}', 'access: «[]', 'access', 'wrong-type'],
];

/** Every key of the format is wrong, or has an unknown neighbour, at least once. */
export const BAD_CONFIGS: readonly BadConfig[] = [
  ...rowsOf(fullText, FULL),
  ...rowsOf(fullText, BAD_TRUST),
  ...rowsOf(COMPACT_TEXT, COMPACT),
  ...rowsOf(localText, LOCAL),
  ...rowsOf(rolloutsText, BAD_ROLLOUTS),
];
