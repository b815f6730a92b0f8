import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type Page, readAllPages, ROOT } from '#test/docs/markdown.ts';
import { anchorsOf } from '#test/docs/slug.ts';
import { readSources } from './sources.ts';

const pages = readAllPages();
const byPath = new Map(pages.map((page) => [page.path, page]));
const LINK = /!?\[[^\]]*\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g;
const ELSEWHERE = /^(?:https?|mailto):/;
/** Rooms of the repository, as pages name files in them. */
const FILE = /`((?:functions|shared|infra|test|docs)\/[A-Za-z0-9_./-]+)`/g;
/** The same in commands. */
const ARGUMENT = /(?<![\w./-])((?:functions|shared|infra|docs)\/[A-Za-z0-9_./-]*[A-Za-z0-9_-])/g;
/** Tests, as pages name them below `test/`. */
const TEST = /`((?:unit|contract|service|hostile|e2e|faults|mutations|bench)\/[a-z0-9_./-]+)`/g;
const SCRIPT = /\bnpm run (?:-s |--silent )?([a-z][a-z0-9:-]*)/g;
const VARIABLE = /\bCOUNTERSIGN_[A-Z_]+\b/g;

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([whole, group]) => group ?? whole);
}

/** What is wrong with a link of `page`; undefined: nothing. */
function faultOf(page: Page, link: string): string | undefined {
  if (ELSEWHERE.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.path : normalize(join(dirname(page.path), path));
  if (!existsSync(join(ROOT, target))) return `${page.path}: ${link} is not there`;
  if (anchor === undefined) return undefined;
  const prose = byPath.get(target)?.prose;
  if (prose === undefined || anchorsOf(prose).has(anchor)) return undefined;
  return `${page.path}: ${link} has no such heading`;
}

/** A file, a folder, or the beginning of a test's name. */
function exists(path: string): boolean {
  return [path, `${path}.test.ts`, `${path}.ts`].some((name) => existsSync(join(ROOT, name)));
}

describe('the pages', () => {
  it('link to what is there', () => {
    const faults = pages.flatMap((page) =>
      matches(page.prose, LINK).flatMap((link) => faultOf(page, link) ?? []),
    );
    expect(faults).toEqual([]);
    expect(pages.length).toBeGreaterThan(20);
  });

  it('name files that are there', () => {
    const missing = pages.flatMap(({ path, prose }) => [
      ...matches(prose, FILE)
        .filter((name) => !exists(name))
        .map((name) => `${path}: ${name}`),
      ...matches(prose, TEST)
        .filter((name) => !exists(`test/${name}`))
        .map((name) => `${path}: ${name}`),
    ]);
    expect(missing).toEqual([]);
  });

  it('type paths that are there, but for what the commands make', () => {
    const made = new Set(['infra/kubernetes/webhook/openssl/ca.crt']);
    const missing = pages.flatMap(({ path, blocks }) =>
      blocks
        .filter(({ language }) => language === 'sh')
        .flatMap(({ text }) => matches(text, ARGUMENT))
        .filter((name) => !made.has(name) && !exists(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('name commands that are there', () => {
    const scripts = new Set(Object.keys(packageJson.scripts));
    const unknown = pages.flatMap(({ path, text }) =>
      matches(text, SCRIPT)
        .filter((name) => !scripts.has(name))
        .map((name) => `${path}: npm run ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('name variables that something reads', () => {
    const sources = readSources(
      'functions/**/*.ts',
      'infra/**/*.ts',
      'shared/**/*.ts',
      'test/**/*.ts',
    );
    const known = new Set(sources.flatMap(({ text }) => matches(text, VARIABLE)));
    const unknown = pages.flatMap(({ path, text }) =>
      matches(text, VARIABLE)
        .filter((name) => !known.has(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('of docs are all linked from the README or the map', () => {
    const linked = new Set(
      ['README.md', 'docs/README.md'].flatMap((from) =>
        matches(byPath.get(from)?.prose ?? '', LINK).map((link) =>
          normalize(join(dirname(from), link.split('#')[0] ?? '')),
        ),
      ),
    );
    const docs = pages.map(({ path }) => path).filter((path) => /^docs\/[^/]+\.md$/.test(path));
    expect(docs.filter((path) => !linked.has(path))).toEqual([]);
  });

  it('hold nothing of the machine that they were written on', () => {
    const places = /(?:^|[^\w./])\/(?:work|tmp|root|home)\//;
    expect(pages.filter(({ text }) => places.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe('anchorsOf()', () => {
  it('makes them as GitHub does', () => {
    const prose = '# A `b-c` & D!\n## Once\n## Once\n### [x](y) z_1\n<a id="own"></a>\n';
    expect([...anchorsOf(prose)]).toEqual(['a-b-c--d', 'once', 'once-1', 'x-z_1', 'own']);
  });
});

describe('the images of the pages', () => {
  it('are pictures that can be seen', () => {
    const pictures = new Set(
      pages.flatMap(({ path, prose }) =>
        matches(prose, /!\[[^\]]*\]\(([^)\s]+)\)/g)
          .filter((link) => !ELSEWHERE.test(link))
          .map((link) => normalize(join(dirname(path), link))),
      ),
    );
    expect(pictures.size).toBeGreaterThan(0);
    expect(
      [...pictures].filter((picture) => !isPicture(readFileSync(join(ROOT, picture)))),
    ).toEqual([]);
  });
});

function isPicture(bytes: Buffer): boolean {
  return bytes.subarray(1, 4).toString() === 'PNG' || bytes.toString().startsWith('<svg');
}
