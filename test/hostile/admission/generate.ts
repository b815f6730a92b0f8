import {
  helmSync,
  repoSync,
  reviewOf,
  rootSync,
  type SyncObject,
  syncOf,
} from '#test/fixtures/reviews.ts';
import type { Random } from './random.ts';

/** What there is to announce. */
export interface Stock {
  readonly host: string;
  /** Each with all that can be said of it. */
  readonly images: readonly StockImage[];
  readonly charts: readonly {
    readonly repo: string;
    readonly chart: string;
    readonly version: string;
  }[];
}

export interface StockImage {
  /** `host/path`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly index?: string;
}

export interface Generated {
  readonly text: string;
  /** Exactly as an API server could send it, so that the oracle's word must be met both ways. */
  readonly clean: boolean;
}

/** One review: valid, valid but for a few bytes or fields, or nothing of the kind. */
export function generate(random: Random, stock: Stock): Generated {
  const kind = random.below(10);
  if (kind < 6) return { text: valid(random, stock), clean: true };
  if (kind < 9) return { text: mutate(random, valid(random, stock)), clean: false };
  return { text: hostile(random, stock), clean: false };
}

function valid(random: Random, stock: Stock): string {
  const object = announcing(random, stock);
  const { spec, ...rest } = object;
  const bare = { ...rest, spec, metadata: { name: 'root-sync' } };
  const uid = `uid-${random.below(1e9)}`;
  const version = random.pick(['v1', 'v1', 'v1beta1']);
  const deleted = {
    ...bare,
    metadata: { ...bare.metadata, deletionTimestamp: '2026-11-22T05:00:00Z' },
  };
  const oldObject = random.pick<unknown>([
    null,
    bare,
    bare,
    object,
    announcing(random, stock),
    deleted,
  ]);
  switch (random.below(12)) {
    case 0:
      return reviewOf({ uid, version, operation: 'CREATE', object });
    case 1:
      return reviewOf({ uid, version, operation: 'CREATE', object: bare });
    case 2:
      return reviewOf({ uid, version, operation: 'DELETE', object: null, oldObject: object });
    case 3:
      return reviewOf({ uid, version, object: bare, oldObject: object });
    case 4:
      return reviewOf({ uid, version, object, oldObject, subResource: 'status' });
    case 5:
      return reviewOf({
        uid,
        version,
        object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
      });
    case 6:
      return reviewOf({ uid, version, object, oldObject: object });
    default:
      return reviewOf({ uid, version, object, oldObject });
  }
}

function announcing(random: Random, stock: Stock): SyncObject {
  const rest = random.chance(0.2) ? { apiVersion: 'configsync.gke.io/v1alpha1' } : {};
  if (random.chance(0.25)) return announcingChart(random, stock);
  const { repository, tag, digest, index } = random.pick(stock.images);
  const other = random.pick(stock.images);
  const image = random.pick([
    `${repository}:${tag}`,
    `${repository}:${tag}`,
    // Of a child that is pinned itself, without a tag, the index is known only by who has seen it before.
    `${repository}@${index ?? digest}`,
    `${repository}:${tag}@${index ?? digest}`,
    `${repository}:${tag}@${digest}`,
    `${stock.host}/elsewhere/app:v1`,
  ]);
  const value = random.pick([
    `${image}@${digest}`,
    `${image}@${digest}`,
    `${image}@${digest}`,
    `${image}@${other.digest}`,
    `${other.repository}:${other.tag}@${other.digest}`,
    `${image}@sha256:${String(random.below(1e6)).padStart(64, '0')}`,
    `${image}@${digest.toUpperCase()}`,
    image,
    '',
    `${image}@sha256:1.2.3`,
    `${image}@${digest} `,
    `${image} @${digest}`,
  ]);
  if (random.chance(0.05)) return syncOf('RootSync', { sourceType: 'git', git: {} }, value, rest);
  return random.chance(0.5) ? rootSync(image, value, rest) : repoSync(image, value, rest);
}

function announcingChart(random: Random, stock: Stock): SyncObject {
  const { repo, chart, version } = random.pick(stock.charts);
  const other = random.pick(stock.charts);
  const helm = {
    repo: random.pick([repo, repo, repo, other.repo, repo.replace('oci:', 'https:')]),
    chart: random.pick([chart, chart, chart, other.chart, 'no-chart']),
    ...random.pick([
      {},
      { version },
      { version: '>=1.0.0' },
      { version: 'latest' },
      { version: '9.9.9' },
    ]),
  };
  const announced = random.pick([
    version,
    version,
    version,
    other.version,
    'latest',
    '7.7.7',
    'a'.repeat(64),
  ]);
  return helmSync(helm, `${random.pick([helm.repo, helm.repo, repo])}@sha256:${announced}`);
}

const PIECES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\u0000',
  '@',
  'sha256:',
  'null',
  '__proto__',
  'é',
  '\ud800',
];
const WORDS = [
  'RootSync',
  'UPDATE',
  'object',
  'oldObject',
  'annotations',
  'metadata',
  'sha256',
  'oci',
  'uid',
  'kind',
  'configsync.gke.io',
  'v1',
  'image',
];

function mutate(random: Random, text: string): string {
  let mutated = text;
  for (let edits = 1 + random.below(3); edits > 0; edits -= 1) {
    const place = random.below(mutated.length);
    const length = random.below(4);
    mutated = random.pick([
      () => mutated.slice(0, place) + random.pick(PIECES) + mutated.slice(place + length),
      () => mutated.slice(0, place) + mutated.slice(place + 1 + random.below(20)),
      () => mutated.slice(0, place),
      () => mutated.replace(random.pick(WORDS), random.pick(WORDS)),
      () => mutated.replace(random.pick(WORDS), ''),
      () =>
        mutated.replace(/"[a-z0-9]{3,20}"/i, random.pick(['5', 'null', '[]', '{}', 'true', '""'])),
      () => mutated.replaceAll('"kind":', random.pick(['"Kind":', '"kind":{},"kind":'])),
      () => mutated + random.pick(PIECES),
    ])();
  }
  // As it goes over the wire.
  return mutated.toWellFormed();
}

function hostile(random: Random, stock: Stock): string {
  const depth = 1 + random.below(30_000);
  const start = valid(random, stock).slice(0, random.below(200));
  return random.pick([
    () => '',
    () => random.pick(['null', '[]', '{}', '5', '"a"', 'true', '{"request":{}}', '\ufeff{}']),
    () => '['.repeat(depth),
    () => start + '{"a":'.repeat(depth),
    () => `${'['.repeat(depth)}${']'.repeat(depth)}`,
    () =>
      JSON.stringify({
        kind: 'AdmissionReview',
        apiVersion: 'admission.k8s.io/v1',
        request: { uid: 'u'.repeat(depth) },
      }),
    () =>
      JSON.stringify({
        kind: 'AdmissionReview',
        apiVersion: 'admission.k8s.io/v1',
        request: { uid: 'u', operation: depth, object: 'x'.repeat(depth) },
      }),
    () =>
      JSON.stringify(
        Object.fromEntries(Array.from({ length: depth % 500 }, (_, key) => [`k${key}`, key])),
      ),
    () =>
      Array.from({ length: depth % 1_000 }, () => String.fromCharCode(random.below(0x300))).join(
        '',
      ),
    () => reviewOf({ object: rootSync('a', `a@sha256:${'0'.repeat(depth)}`) }),
    () =>
      reviewOf({
        object: rootSync(
          'a/'.repeat(depth % 2_000),
          `${'a/'.repeat(depth % 2_000)}@sha256:${'0'.repeat(64)}`,
        ),
      }),
    () => valid(random, stock).replaceAll(':', ' :\n\t'),
  ])();
}
