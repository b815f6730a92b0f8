import { posix } from 'node:path';
import type { Taken } from '#shared/core/content.ts';
import { ContentProblem, quote, unsafe } from './problem.ts';
import { type Node, ROOT } from './tree.ts';

/** What is remembered of an image whose entries are all safe. */
export interface ContentFacts {
  readonly type: Taken['type'];
  /** Whether Config Sync would read something there; `outside`: the directory is none of the image. */
  under(dir: string): 'something' | 'nothing' | 'outside';
  /** About as much memory as it takes, in bytes. */
  readonly weight: number;
}

/** As Linux and Go: a path that takes more is a loop. */
const MAX_LINKS = 40;
/** Segments walked for all links of one image; more is work without an end. */
const MAX_STEPS = 2_000_000;
const ENTRY_BYTES = 128;

/** Folders that Config Sync passes by, and paths that it does not read. */
const NOT_READ: ReadonlySet<string> = new Set(['.git', '.github', '.gitlab', '.gitlab-ci.yml']);

/**
 * Follows every link of a tree and finds the folders with something to read. A hard link is a symbolic one to Config
 * Sync, from where it stands; for others its target counts from the root: both must stay inside. Throws a
 * ContentProblem: `unsafe-entry` for a link that leads out or round in circles, `too-large`.
 */
export function judgeImage(nodes: ReadonlyMap<string, Node>): ContentFacts {
  const links = new Map<string, string>();
  for (const [path, node] of nodes) if (node.kind === 'link') links.set(path, node.target);
  const steps = { left: MAX_STEPS };
  const readable = new Set<string>();
  for (const [path, node] of nodes) {
    if (node.kind === 'file' && node.readable) mark(readable, path, path);
    if (node.kind !== 'link') continue;
    if (node.hard && resolveFrom(ROOT, node.target, links, steps) === undefined)
      throw out(path, node.target);
    const target = resolveFrom(posix.dirname(path), node.target, links, steps);
    if (target === undefined) throw out(path, node.target);
    const there = nodes.get(target);
    if (there?.kind === 'file' && there.readable) mark(readable, path, target);
  }
  const size = [...readable].join('').length + [...links].flat().join('').length;
  return {
    type: 'oci',
    weight: 2 * size + ENTRY_BYTES * (1 + readable.size + links.size),
    under(dir) {
      const place = resolveFrom(ROOT, dir, links, { left: MAX_STEPS });
      if (place === undefined) return 'outside';
      return readable.has(place) ? 'something' : 'nothing';
    },
  };
}

/** Judges a chart by the rules of Helm's loader: one folder, with `Chart.yaml` directly in it. Throws a ContentProblem. */
export function judgeChart(nodes: ReadonlyMap<string, Node>): ContentFacts {
  // Helm follows no link of a chart; each must stay inside all the same.
  judgeImage(nodes);
  const folders = new Set<string>();
  for (const [path, node] of nodes) {
    if (path === ROOT) continue;
    const [folder = '', ...below] = path.split('/');
    folders.add(folder);
    const isBeside = below.length === 0 && node.kind !== 'directory';
    if (isBeside || folders.size > 1 || path.includes('\\')) {
      throw unsafe(path, "is not in the chart's one folder");
    }
  }
  const [folder = ''] = folders;
  const chart = nodes.get(`${folder}/Chart.yaml`);
  const found = chart?.kind === 'file' && chart.readable ? 'something' : 'nothing';
  return { type: 'helm', weight: ENTRY_BYTES, under: () => found };
}

/** Marks every folder above `path`, unless it or what it leads to is not read. */
function mark(readable: Set<string>, path: string, target: string): void {
  const segments = [...path.split('/'), ...target.split('/')];
  if (segments.some((segment) => NOT_READ.has(segment))) return;
  for (let folder = posix.dirname(path); !readable.has(folder); folder = posix.dirname(folder)) {
    readable.add(folder);
    if (folder === ROOT) return;
  }
}

/** Where `target` leads from the folder `from`, links followed; undefined: out of the tree, or in circles. */
function resolveFrom(
  from: string,
  target: string,
  links: ReadonlyMap<string, string>,
  steps: { left: number },
): string | undefined {
  if (target.startsWith('/')) return undefined;
  const place = from === ROOT ? [] : from.split('/');
  const ahead = target.split('/').toReversed();
  let followed = 0;
  for (let segment = ahead.pop(); segment !== undefined; segment = ahead.pop()) {
    steps.left -= 1 + place.length;
    if (steps.left < 0)
      throw new ContentProblem('too-large', 'has links that take too long to follow');
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (place.pop() === undefined) return undefined;
      continue;
    }
    place.push(segment);
    const link = links.get(place.join('/'));
    if (link === undefined) continue;
    followed += 1;
    if (followed > MAX_LINKS || link.startsWith('/')) return undefined;
    place.pop();
    ahead.push(...link.split('/').toReversed());
  }
  return place.length === 0 ? ROOT : place.join('/');
}

function out(path: string, target: string): ContentProblem {
  const message = `link ${quote(path)} leads to ${quote(target)}: out of the image, or in circles`;
  return new ContentProblem('unsafe-entry', message);
}
