import { LRUCache } from 'lru-cache';
import type { ContentRule } from '#shared/core/content.ts';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import type { BlobSource, LayerDescriptor, LayerList } from '#shared/registry/registry.ts';
import { type ContentFacts, judgeChart, judgeImage } from './facts.ts';
import { ContentProblem } from './problem.ts';
import { readLayer } from './read-layer.ts';
import { createTreeBuilder } from './tree.ts';

export type Unusable = Extract<Verdict, { status: 'unusable' }>;

/** What the layers of a digest are. */
export type Content = { readonly status: 'read'; readonly facts: ContentFacts } | Unusable;

type Listed = Extract<LayerList, { status: 'listed' }>;

/** An image whose layers are wanted. */
export interface ContentOf {
  readonly repository: string;
  /** Of its manifest: an index is none. */
  readonly digest: Digest;
}

export interface ContentReader {
  /**
   * Reads the layers of a digest, once for all who ask and once per instance: within the bounds of `rule`, hashed,
   * streamed. Throws where it could not be found out: the registry's failures, `deadline-exceeded`.
   */
  read(image: ContentOf, rule: ContentRule): Promise<Content>;
  /** What was read of it before, within these bounds; undefined: nothing that is remembered. */
  recall(image: ContentOf, rule: ContentRule): Content | undefined;
}

export interface ContentReaderDeps {
  readonly blobs: BlobSource;
  /** The layers that are unpacked of a digest. */
  readonly layersOf: (image: ContentOf) => Promise<LayerList>;
}

/** One reading keeps a window of 32 MiB and 16 MiB of names at most, and some hundred kilobytes as a rule. */
const LANES = { total: 4, perHost: 2 };
/** Layers that are asked for before their turn, so that they answer together; their bytes stay with the registry. */
const LAYERS_AHEAD = 3;
/** Of what is remembered, in bytes. */
const MAX_REMEMBERED = 16 * 1024 * 1024;
const VERDICT_BYTES = 1_024;

/**
 * Makes a reader that remembers what digests are. Kept per repository, for who may read one may not read another, and
 * per bounds; absences and failures are not kept.
 *
 * @example
 * const content = await createContentReader({ blobs: registry, layersOf }).read({ repository, digest }, rule);
 */
export function createContentReader({ blobs, layersOf }: ContentReaderDeps): ContentReader {
  const lanes = createLanes(LANES);
  const share = createSingleFlight<Content>();
  const kept = new LRUCache<string, Content>({
    maxSize: MAX_REMEMBERED,
    sizeCalculation: (content) =>
      VERDICT_BYTES + (content.status === 'read' ? content.facts.weight : 0),
  });

  async function look(key: string, image: ContentOf, rule: ContentRule): Promise<Content> {
    const list = await layersOf(image);
    const content = list.status === 'unusable' ? list : await readAll(image, list, rule);
    if (content.status === 'read' || content.reason !== 'digest-absent') kept.set(key, content);
    return content;
  }

  async function readAll(image: ContentOf, list: Listed, rule: ContentRule): Promise<Content> {
    const name = `${image.repository}@${image.digest}`;
    const total = list.layers.reduce((sum, { size }) => sum + size, 0);
    if (total > rule.maxBytes) {
      const message = `${name} has ${total} bytes of layers, and content.maxBytes is ${rule.maxBytes}`;
      return { status: 'unusable', reason: 'too-large', message };
    }
    const controller = new AbortController();
    // Asked for before there is a lane: it bounds what is unpacked, and an answer is a round trip away.
    const layers = openLayers(image, list, controller.signal);
    const [host = ''] = image.repository.split('/', 1);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await lanes(host, async () => {
        timer = setTimeout(() => {
          const late = `Reading the layers of ${name} took longer than ${rule.timeoutMs} ms`;
          controller.abort(new CountersignError('deadline-exceeded', late));
        }, rule.timeoutMs);
        return { status: 'read', facts: await readLayers(layers, list.type, rule) };
      });
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      // Hangs up on what was opened and is not read.
      controller.abort();
      if (!(error instanceof ContentProblem)) throw error;
      return { status: 'unusable', reason: error.reason, message: `${name}: ${error.message}` };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens the layers of an image in their order, the topmost at once, and with each the few that follow. */
  function openLayers({ repository }: ContentOf, list: Listed, signal: AbortSignal): OpenedLayers {
    const layers = list.layers.toReversed();
    const opening: ReturnType<BlobSource['open']>[] = [];
    function openUntil(end: number): void {
      for (const { digest } of layers.slice(opening.length, end)) {
        const opened = blobs.open(repository, digest, signal);
        // Its failure counts in its turn, and is dropped where a layer before it ends the reading.
        opened.catch(() => undefined);
        opening.push(opened);
      }
    }
    openUntil(1);
    return async function* inOrder() {
      for (const [at, layer] of layers.entries()) {
        openUntil(at + 1 + LAYERS_AHEAD);
        yield { number: at, layer, chunks: await opening[at] };
      }
    };
  }

  return {
    async read(image, rule) {
      const key = keyOf(image, rule);
      return kept.get(key) ?? share(key, () => look(key, image, rule));
    },
    recall: (image, rule) => kept.get(keyOf(image, rule)),
  };
}

/** Each layer with its bytes, the topmost first, whose number is 0; undefined: it is absent. */
type OpenedLayers = () => AsyncGenerator<{
  readonly number: number;
  readonly layer: LayerDescriptor;
  readonly chunks: Awaited<ReturnType<BlobSource['open']>>;
}>;

async function readLayers(
  opened: OpenedLayers,
  type: Listed['type'],
  rule: ContentRule,
): Promise<ContentFacts> {
  const tree = createTreeBuilder(rule);
  const budget = { bytes: rule.maxBytes, unpackedBytes: rule.maxUnpackedBytes };
  const gzipOnly = type === 'helm';
  for await (const { number, layer, chunks } of opened()) {
    if (chunks === undefined) {
      throw new ContentProblem('digest-absent', `layer ${layer.digest} is not in the registry`);
    }
    try {
      await readLayer({ layer, chunks, budget, gzipOnly }, (entry) => tree.add(entry, number));
    } catch (error) {
      if (!(error instanceof ContentProblem)) throw error;
      throw new ContentProblem(error.reason, `layer ${layer.digest}: ${error.message}`);
    }
  }
  return type === 'helm' ? judgeChart(tree.nodes) : judgeImage(tree.nodes);
}

/** What of a rule decides what a reading finds; the rest is asked of what was found. */
function keyOf({ repository, digest }: ContentOf, rule: ContentRule): string {
  const { maxBytes, maxUnpackedBytes, maxEntries, maxDepth, maxPathBytes } = rule;
  const bounds = [maxBytes, maxUnpackedBytes, maxEntries, maxDepth, maxPathBytes];
  return JSON.stringify([repository, digest, bounds]);
}

/** Runs work for a host, few at a time. */
type Lanes = <T>(host: string, work: () => Promise<T>) => Promise<T>;

/**
 * Makes lanes, `perHost` of them at most for one host; who waits is served in turn, past those whose host has none free.
 *
 * @example
 * const layer = await createLanes({ total: 4, perHost: 2 })('registry.example', () => fetchLayer(digest));
 */
export function createLanes(limits: { readonly total: number; readonly perHost: number }): Lanes {
  const { total, perHost } = limits;
  /** The host of each work that runs. */
  const running: string[] = [];
  const waiting: { readonly host: string; readonly start: () => void }[] = [];

  function isFree(host: string): boolean {
    return running.length < total && running.filter((one) => one === host).length < perHost;
  }

  function leave(host: string): void {
    running.splice(running.indexOf(host), 1);
    const next = waiting.findIndex((entry) => isFree(entry.host));
    const [entry] = next < 0 ? [] : waiting.splice(next, 1);
    if (entry === undefined) return;
    running.push(entry.host);
    entry.start();
  }

  return async (host, work) => {
    if (isFree(host)) running.push(host);
    else await new Promise<void>((start) => waiting.push({ host, start }));
    try {
      return await work();
    } finally {
      leave(host);
    }
  };
}
