import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { tryReference } from '#shared/core/reference.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { WRITTEN_REFERENCES } from '#test/fixtures/written-references.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';
import { patiently } from '#test/patience.ts';

const RUNS = 4_000;
const TIMEOUT_MS = patiently(300_000);
const SEED = 23;

const Results = z.array(
  z.object({
    host: z.string().optional(),
    path: z.string().optional(),
    wanted: z.string().optional(),
    error: z.string().optional(),
  }),
);
type Read = { readonly host: string; readonly path: string; readonly wanted: string } | undefined;

/** As many as have answers that `runProcess` keeps. */
const AT_ONCE = 500;

/** What Config Sync pulls; undefined where it refuses the reference. */
async function readByGo(texts: readonly string[]): Promise<readonly Read[]> {
  if (texts.length > AT_ONCE) {
    const first = await readByGo(texts.slice(0, AT_ONCE));
    return [...first, ...(await readByGo(texts.slice(AT_ONCE)))];
  }
  const command = findTool('reference-double');
  const { code, stdout, stderr } = await runProcess({ command, input: JSON.stringify(texts) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return Results.parse(JSON.parse(stdout)).map(({ host, path, wanted }) =>
    host === undefined || path === undefined || wanted === undefined
      ? undefined
      : { host, path, wanted },
  );
}

/** What is verified; undefined where the reference is refused. */
function readByUs(text: string): Read {
  const reference = tryReference(text);
  if (reference === undefined) return undefined;
  const { host, path, tag = '', digest } = reference;
  return { host, path, wanted: digest ?? tag };
}

/** Every way in which the two may differ. In none of them is something pulled that was not verified. */
const DIFFERENCES: Readonly<Record<string, (ours: Read, theirs: Read) => boolean>> = {
  // A digest is never approved for a reference that is refused.
  'we refuse what it reads': (ours, theirs) => ours === undefined && theirs !== undefined,
  'it refuses a path of one character, and pulls nothing': (ours, theirs) =>
    theirs === undefined && ours?.path.replace(/^library\//, '').length === 1,
  'it dials a host as written, and hosts have no case': (ours, theirs) =>
    isSame(ours, theirs && { ...theirs, host: theirs.host.toLowerCase() }),
  'it writes the port of https out': (ours, theirs) =>
    isSame(ours, theirs && { ...theirs, host: theirs.host.toLowerCase().replace(/:0*443$/, '') }),
  "it dials Docker Hub's other name": (ours, theirs) =>
    theirs !== undefined &&
    /^(?:registry-1\.)?docker\.io(?::0*443)?$/i.test(theirs.host) &&
    isSame(ours, {
      ...theirs,
      host: 'index.docker.io',
      path: theirs.path.includes('/') ? theirs.path : `library/${theirs.path}`,
    }),
  'it writes the port of Docker Hub out, and no library': (ours, theirs) =>
    theirs !== undefined &&
    /^index\.docker\.io(?::0*443)?$/i.test(theirs.host) &&
    isSame(ours, {
      ...theirs,
      host: 'index.docker.io',
      path: theirs.path.includes('/') ? theirs.path : `library/${theirs.path}`,
    }),
};

function isSame(ours: Read, theirs: Read): boolean {
  return (
    ours?.host === theirs?.host && ours?.path === theirs?.path && ours?.wanted === theirs?.wanted
  );
}

interface Compared {
  readonly same: number;
  readonly listed: ReadonlyMap<string, readonly string[]>;
  readonly unlisted: readonly {
    readonly text: string;
    readonly ours: Read;
    readonly theirs: Read;
  }[];
}

async function compare(texts: readonly string[]): Promise<Compared> {
  const theirs = await readByGo(texts);
  const rows = texts.map((text, at) => ({ text, ours: readByUs(text), theirs: theirs[at] }));
  const others = rows.filter((row) => !isSame(row.ours, row.theirs));
  const kindOf = (row: (typeof rows)[number]): string | undefined =>
    Object.entries(DIFFERENCES).find(([, is]) => is(row.ours, row.theirs))?.[0];
  const listed = new Map<string, string[]>();
  for (const row of others) {
    const kind = kindOf(row);
    if (kind !== undefined) listed.set(kind, [...(listed.get(kind) ?? []), row.text]);
  }
  return {
    same: rows.length - others.length,
    listed,
    unlisted: others.filter((row) => kindOf(row) === undefined),
  };
}

const HOST = fc.constantFrom(
  '',
  'localhost',
  'LOCALHOST',
  'docker.io',
  'Docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'gcr.io',
  'us-docker.pkg.dev',
  'US-docker.pkg.dev',
  'registry.example',
  'a.b',
  'a..b',
  '.',
  '-a.b',
  '127.0.0.1',
  '[::1]',
  '[fe80::1%25en0]',
  'registry_example.com',
  'bücher.example',
  'user@gcr.io',
  'library',
);
const PORT = fc.constantFrom(
  '',
  '',
  '',
  ':443',
  ':0443',
  ':80',
  ':5000',
  ':',
  ':x',
  ':99999',
  ':443:443',
);
const PATH = fc.oneof(
  fc.constantFrom(
    'img',
    'a',
    'team/img',
    'library/img',
    'team/a',
    'a/b/c/d',
    'team-a/img_b.c',
    'team//img',
    'team/img/',
    'Team/img',
    'team/../img',
    './img',
    'team/.img',
    'img-',
    '-img',
    'a__b',
    'a___b',
    'a..b',
    'localhost',
    'a.b',
  ),
  fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', '_', '.', '/', 'A', '~'), maxLength: 8 }),
  fc.constantFrom(254, 255, 256).map((length) => `team/${'a'.repeat(length - 5)}`),
);
const TAG = fc.constantFrom(
  '',
  '',
  ':v1',
  ':latest',
  ':1.0.0',
  ':1.0.0_build',
  ':V1-x',
  ':.a',
  ':-a',
  ':a/b',
  ':a b',
  ':',
  ':é',
  `:${'t'.repeat(128)}`,
  `:${'t'.repeat(129)}`,
  ':v1:v2',
);
const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = fc.constantFrom(
  '',
  '',
  '',
  `@sha256:${HEX}`,
  `@sha256:${HEX.toUpperCase()}`,
  `@sha256:${HEX.slice(1)}`,
  `@sha512:${HEX}${HEX}`,
  `@sha256:${HEX}@sha256:${HEX}`,
  '@',
  '@v1',
  `@${HEX}`,
);
const AROUND = fc.constantFrom('', '', '', '', '', ' ', '\n', 'https://', 'oci://');
const REFERENCE = fc
  .tuple(AROUND, HOST, PORT, PATH, TAG, DIGEST)
  .map(([before, host, port, path, tag, digest]) =>
    [before, host === '' ? '' : `${host}${port}/`, path, tag, digest].join(''),
  );

/** Rare among those that are generated. */
const RARE = ['index.docker.io:443/img', 'index.docker.io:0443/img:v1', 'docker.io:443/img'];

describe('an image reference', () => {
  it('is read as Config Sync reads it, but for the differences that are listed', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const texts = [...new Set([...RARE, ...fc.sample(REFERENCE, { seed: SEED, numRuns: RUNS })])];
    const { same, listed, unlisted } = await compare(texts);
    expect(unlisted).toEqual([]);
    expect(texts.length).toBeGreaterThan(2_000);
    // Both read, or both refuse, most of what is generated: the comparison is of something.
    expect(same).toBeGreaterThan(texts.length / 2);
    expect([...listed.keys()].toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted());
  });

  it('is read as Config Sync reads it, as people write it', async () => {
    const { same, unlisted, listed } = await compare(WRITTEN_REFERENCES);
    expect({ unlisted, listed: [...listed] }).toEqual({ unlisted: [], listed: [] });
    expect(same).toBe(WRITTEN_REFERENCES.length);
  });
});
