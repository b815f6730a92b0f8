import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Pages that a reader follows step by step: every command in them is run, or says what it needs. */
const GUIDES = ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md'];
/** The rest: read, and linked. */
const PAGES = [...GUIDES, 'CHANGELOG.md', 'SECURITY.md', 'infra/**/*.md', 'test/**/*.md'];

/** One fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language in the info string. */
  readonly info: string;
  readonly text: string;
  /** Of `<!-- run: id -->` above the block. */
  readonly run?: string;
  /** Of `*Needs Google Cloud.*` above the block: `Google Cloud`. */
  readonly needs?: string;
}

export interface Page {
  readonly path: string;
  readonly text: string;
  /** `text` with the fenced blocks left blank, line for line. */
  readonly prose: string;
  readonly blocks: readonly Block[];
}

const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/;
const RUN = /^\s*<!-- run: ([a-z0-9-]+) -->\s*$/;
const NEEDS = /^\s*(?:[-*] +|\d+\. +)?\*Needs ([A-Za-z][A-Za-z ]*)\.\*\s*$/;

/** Every guide with its blocks. */
export function readGuides(): readonly Page[] {
  return readPages(GUIDES);
}

/** Every page of the repository. */
export function readAllPages(): readonly Page[] {
  return readPages(PAGES);
}

function readPages(globs: readonly string[]): readonly Page[] {
  return globSync([...globs], { cwd: ROOT })
    .map((path) => path.split(/[\\/]/).join('/'))
    .filter((path) => !path.includes('node_modules/'))
    .toSorted()
    .map((path) => parsePage(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** Splits a page into prose and fenced blocks. Throws for a fence that never closes. */
export function parsePage(path: string, text: string): Page {
  const lines = text.split('\n');
  const prose: string[] = [];
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', fence = '', info = ''] = FENCE.exec(lines[at] ?? '') ?? [];
    if (fence === '') {
      prose.push(lines[at] ?? '');
      continue;
    }
    const end = lines.findIndex((line, index) => index > at && closes(line, fence));
    if (end < 0) throw new Error(`${path}:${at + 1} opens a block that never closes`);
    const body = lines.slice(at + 1, end).map((line) => line.replace(indent, ''));
    const [language = '', ...rest] = info.trim().split(/\s+/);
    blocks.push({
      page: path,
      line: at + 1,
      language,
      info: rest.join(' '),
      text: body.join('\n'),
      ...markOf(lines, at),
    });
    prose.push(...lines.slice(at, end + 1).map(() => ''));
    at = end;
  }
  return { path, text, prose: prose.join('\n'), blocks };
}

function closes(line: string, fence: string): boolean {
  const text = line.trim();
  return text.startsWith(fence) && text.replaceAll(fence.charAt(0), '') === '';
}

/** The mark on the nearest line with something on it, above the fence at `at`. */
function markOf(lines: readonly string[], at: number): Pick<Block, 'run' | 'needs'> {
  const above = lines.slice(0, at).findLast((line) => line.trim() !== '') ?? '';
  const run = RUN.exec(above)?.[1];
  const needs = NEEDS.exec(above)?.[1];
  return { ...(run === undefined ? {} : { run }), ...(needs === undefined ? {} : { needs }) };
}
