import { posix } from 'node:path';
import type { ContentRule } from '#shared/core/content.ts';
import { ContentProblem, unsafe } from './problem.ts';
import type { TarEntry } from './read-tar.ts';

/** What one path of the flattened layers is. */
export type Node =
  | { readonly kind: 'directory' }
  | { readonly kind: 'file'; readonly readable: boolean }
  | { readonly kind: 'link'; readonly target: string; readonly hard: boolean }
  | { readonly kind: 'whiteout' };

/** The root of every tree. */
export const ROOT = '.';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Of all names of an image together: half of what an image may make us keep in memory, in bytes. */
const MAX_NAMES_BYTES = 16 * 1024 * 1024;

type TreeLimits = Pick<ContentRule, 'maxEntries' | 'maxDepth' | 'maxPathBytes'>;

/**
 * Flattens layers as Config Sync does (go-containerregistry, `mutate.Extract`) into `nodes`, by clean path: from the topmost
 * layer, whose number is 0, down a path counts once, a path below what is no folder not at all, and a whiteout hides what
 * other layers have there. Refuses, by a ContentProblem, every entry that means one thing here and another there: absolute
 * paths, `..`, a path twice in one layer, a path below a link or file, and an opaque folder where that hides something.
 *
 * @example
 * createTreeBuilder(rule).add(entry, 0);
 */
export function createTreeBuilder(limits: TreeLimits): {
  readonly add: (entry: TarEntry, layer: number) => void;
  readonly nodes: ReadonlyMap<string, Node>;
} {
  const nodes = new Map<string, Node>();
  const layers = new Map<string, number>();
  /** Folders without an entry of their own, which paths below them imply. */
  const implied = new Set<string>();
  const opaque = new Map<string, number>();
  let names = 0;

  function count(bytes: number): void {
    names += bytes;
    if (layers.size + implied.size > limits.maxEntries) {
      throw new ContentProblem('too-large', `has more than ${limits.maxEntries} entries`);
    }
    if (names > MAX_NAMES_BYTES) {
      throw new ContentProblem('too-large', `has more than ${MAX_NAMES_BYTES} bytes of names`);
    }
  }

  /** Whether a layer above hides it. Throws where its own layer, or the way it is hidden, is ambiguous. */
  function isHidden(path: string, layer: number, name: string): boolean {
    for (let parent = posix.dirname(path); ; parent = posix.dirname(parent)) {
      const node = nodes.get(parent);
      if (node !== undefined && node.kind !== 'directory') {
        if (layers.get(parent) === layer)
          throw unsafe(name, 'is below an entry that is not a folder');
        return true;
      }
      const above = opaque.get(parent);
      if (above !== undefined && above < layer) {
        throw unsafe(name, 'is hidden by an opaque folder, which Config Sync does not know');
      }
      if (parent === ROOT) return false;
    }
  }

  function imply(path: string): void {
    for (let parent = posix.dirname(path); parent !== ROOT; parent = posix.dirname(parent)) {
      if (nodes.has(parent) || implied.has(parent)) return;
      implied.add(parent);
      count(parent.length);
    }
  }

  function add(entry: TarEntry, layer: number): void {
    const written = cleanPath(entry, limits);
    const whiteout = whiteoutOf(written, entry);
    if (whiteout?.opaque === true) opaque.set(posix.dirname(written), layer);
    const path = whiteout?.path ?? written;
    const node: Node = whiteout === undefined ? nodeOf(entry) : { kind: 'whiteout' };
    const known = nodes.get(path);
    if (known !== undefined) {
      const both = known.kind === 'directory' && node.kind === 'directory';
      if (layers.get(path) === layer && !both) throw unsafe(entry.name, 'is there twice');
      return;
    }
    if (isHidden(path, layer, entry.name)) return;
    if (node.kind === 'file' || node.kind === 'link') {
      if (implied.has(path)) throw unsafe(entry.name, 'is not a folder, but has entries below it');
    }
    implied.delete(path);
    nodes.set(path, node);
    layers.set(path, layer);
    count(Buffer.byteLength(path) + (node.kind === 'link' ? node.target.length : 0));
    if (node.kind !== 'whiteout') imply(path);
  }

  return { add, nodes };
}

/** The path relative to the root, as Go's filepath.Clean writes it. */
function cleanPath({ name, kind, target }: TarEntry, limits: TreeLimits): string {
  for (const text of [name, target]) {
    if (Buffer.byteLength(text) > limits.maxPathBytes) {
      throw new ContentProblem('too-large', `has a path of more than ${limits.maxPathBytes} bytes`);
    }
  }
  if (name.startsWith('/')) throw unsafe(name, 'is an absolute path');
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw unsafe(name, 'leads out of its folder');
  if (segments.length > limits.maxDepth) {
    throw new ContentProblem('too-large', `has a path of more than ${limits.maxDepth} segments`);
  }
  if (segments.length > 0) return segments.join('/');
  if (kind === 'directory') return ROOT;
  throw unsafe(name, 'is not a folder, but names the root');
}

function whiteoutOf(
  path: string,
  { name, kind }: TarEntry,
): { readonly path: string; readonly opaque: boolean } | undefined {
  const base = posix.basename(path);
  if (!base.startsWith(WHITEOUT)) return undefined;
  const hidden = base.slice(WHITEOUT.length);
  if (kind !== 'file' || hidden === '' || hidden === '.' || hidden === '..') {
    throw unsafe(name, 'is named as a whiteout, but is not one');
  }
  return { path: posix.join(posix.dirname(path), hidden), opaque: base === OPAQUE };
}

function nodeOf({ kind, target, readable }: TarEntry): Node {
  if (kind === 'directory') return { kind };
  if (kind === 'file') return { kind, readable };
  return { kind: 'link', target, hard: kind === 'hardlink' };
}
