import {
  digestOf,
  rootSync,
  type RSyncManifest,
  withMetadata,
} from '#test/fixtures/rsync-manifests.ts';

const KIBIBYTE = 1024;
/** What an API server lets the annotations of one object be, in keys and values together. */
const ANNOTATION_BYTES = 256 * KIBIBYTE;

/** Labels and finalizers have no bound of their own; an API server takes seconds for more, gate or not. */
const OTHER_SHARE = 6;

/** An object as large as a tenant can make it, in one respect each. */
export interface WorstObject {
  readonly what: string;
  readonly object: RSyncManifest;
}

const approved = { 'countersign.dev/approved': digestOf('a') };
const announced = {
  'configsync.gke.io/image-to-sync': `us-docker.pkg.dev/acme/configs/platform:v1@${digestOf('a')}`,
};

function fill(bytes: number, valueLength: number): Record<string, string> {
  const value = 'x'.repeat(valueLength);
  const entries: [string, string][] = [];
  for (let left = bytes; ; left -= valueLength + 9) {
    if (left < valueLength + 9) return Object.fromEntries(entries);
    entries.push([`a.b/${String(entries.length).padStart(5, '0')}`, value]);
  }
}

/** `share` of the largest size. */
export function worstObjects(share: number): readonly WorstObject[] {
  const room = Math.floor(ANNOTATION_BYTES * share) - 2 * KIBIBYTE;
  const known = { ...approved, ...announced };
  const separators = `${digestOf('a')}${' '.repeat(room - 256)}`;
  return [
    { what: 'empty annotations', object: rootSync({ ...fill(room, 0), ...known }) },
    { what: 'one long annotation', object: rootSync({ ...known, 'a.b/c': 'x'.repeat(room) }) },
    {
      what: 'annotations, as many as may be',
      object: rootSync({ ...fill(250 * 500, 491), ...known }),
    },
    {
      what: 'a list of separators',
      object: rootSync({ ...announced, 'countersign.dev/approved': separators }),
    },
    {
      what: 'labels',
      object: withMetadata(rootSync(known), { labels: fill(room / OTHER_SHARE, 0) }),
    },
    {
      what: 'finalizers',
      object: withMetadata(rootSync(known), {
        finalizers: Object.keys(fill(room / OTHER_SHARE, 0)),
      }),
    },
    {
      what: 'a long image',
      object: rootSync(known, `us-docker.pkg.dev/${'a/'.repeat(Math.floor(room / 2))}x:v1`),
    },
  ];
}
