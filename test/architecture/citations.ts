import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { readAllPages, ROOT } from '#test/docs/markdown.ts';
import { anchorsOf } from '#test/docs/slug.ts';

/** A run of comment lines, joined by single spaces: a citation may break over lines. */
export interface Comment {
  readonly path: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

const SOURCES = [
  '{functions,shared,infra,test}/**/*.{ts,js,go,proto}',
  '{infra,test}/**/*.{tf,hcl,sh,yaml,yml,Dockerfile}',
  'infra/image/Dockerfile',
  'cloudbuild.yaml',
  '.ci/*',
];
const SLASHES = /\.(?:ts|js|go|proto)$/;
/** A comment at the beginning of a line, inside of a block, or behind code. */
const COMMENT = /^\s*(?:\/\/|\/\*\*?|\*(?!\/))\s?(.*?)(?:\s*\*\/)?\s*$|\s\/\/ (.*)$/;
const HASH_COMMENT = /^\s*(?:#|\/\/)(?!!)\s?(.*)$|\s# (.*)$/;

/** Every comment of sources, scripts and manifests. */
export function readComments(): readonly Comment[] {
  return globSync(SOURCES, { cwd: ROOT })
    .map((path) => path.split(/[\\/]/).join('/'))
    .filter((path) => !/(?:^|\/)(?:node_modules|dist|\.terraform)\//.test(path))
    .toSorted()
    .flatMap((path) => commentsIn(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function commentsIn(path: string, text: string): readonly Comment[] {
  const pattern = SLASHES.test(path) ? COMMENT : HASH_COMMENT;
  const comments: { path: string; line: number; text: string }[] = [];
  let open: (typeof comments)[number] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const found = pattern.exec(line);
    const words = found?.[1] ?? found?.[2];
    if (words === undefined) {
      open = undefined;
    } else if (open === undefined || found?.[2] !== undefined) {
      open = { path, line: index + 1, text: words };
      comments.push(open);
    } else {
      open.text = `${open.text} ${words}`.trim();
    }
  }
  return comments;
}

const pages = new Map(readAllPages().map((page) => [page.path, anchorsOf(page.prose)]));
const decisions = new Set(
  [...pages.keys()].flatMap((path) => /^docs\/adr\/(\d{4})-/.exec(path)?.[1] ?? []),
);
const names = new Set(
  globSync('{functions,shared,infra,test}/**/*.ts', { cwd: ROOT }).map((path) => basename(path)),
);

const GONE = [
  /\bDESIGN\b/,
  /\bsections? \d+[^.]{0,20} of the design\b/,
  /\.md`?,? sections? \d/,
  /\bthe seeds\b|\bseeds['’]/,
  /\b[Ii]ssue \d+\b/,
];
const PAGE = /(?<![\w./-])((?:[\w.-]+\/)*[\w-]+\.md)(?:#([\w-]+))?/g;
const FILE =
  /(?<![\w./-])((?:functions|shared|infra|test|docs)\/[\w./-]*[\w-])(?![\w*<{$/-]|\.\w)/g;
const NAME = /(?<![\w./*<{$-])([a-z][a-z0-9]*(?:-[a-z0-9]+)+\.(?:test\.)?ts)\b/g;
const DECISION = /\b(?:docs\/adr\/|decision |ADR )(\d{4})\b/g;
const LAW = /\b[Ll]aws? (\d+)/g;

/** What a comment, or a page, cites that is not in the repository. */
export function deadCitations({ path, text }: Pick<Comment, 'path' | 'text'>): readonly string[] {
  const all = (pattern: RegExp): readonly RegExpExecArray[] => [...text.matchAll(pattern)];
  return [
    ...GONE.flatMap((pattern) => pattern.exec(text)?.[0] ?? []),
    ...all(PAGE).flatMap(([whole, page = '', anchor]) => (isPage(path, page, anchor) ? [] : whole)),
    ...all(FILE).flatMap(([, file = '']) => (isFile(file) ? [] : file)),
    ...all(NAME).flatMap(([, name = '']) => (names.has(name) ? [] : name)),
    ...all(DECISION).flatMap(([whole, number = '']) => (decisions.has(number) ? [] : whole)),
    ...all(LAW).flatMap(([whole, number]) => (isLaw(Number(number)) ? [] : whole)),
  ];
}

function isPage(from: string, page: string, anchor: string | undefined): boolean {
  const beside = normalize(join(dirname(from), page));
  const target = [page, beside].find((path) => existsSync(join(ROOT, path)));
  if (target === undefined) return false;
  return anchor === undefined || pages.get(target)?.has(anchor) === true;
}

/** A file, a folder, the beginning of a test's or decision's name. */
function isFile(file: string): boolean {
  const [, number] = /^docs\/adr\/(\d{4})$/.exec(file) ?? [];
  if (number !== undefined) return decisions.has(number);
  return [file, `${file}.ts`, `${file}.test.ts`].some((path) => existsSync(join(ROOT, path)));
}

function isLaw(number: number): boolean {
  return pages.get('docs/design.md')?.has(`law-${number}`) === true;
}
