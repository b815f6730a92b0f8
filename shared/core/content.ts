/** What one config image may cost to read, and whether it may be empty: `images[].content` of the config. */
export interface ContentRule {
  /** Of all layers together, as they are in the registry. */
  readonly maxBytes: number;
  /** Of all layers together, uncompressed. */
  readonly maxUnpackedBytes: number;
  /** Entries of all layers, and the directories that their paths imply. */
  readonly maxEntries: number;
  /** Segments of one path. */
  readonly maxDepth: number;
  /** Bytes of one path, or of the target of one link. */
  readonly maxPathBytes: number;
  /** For reading all layers of one digest, in milliseconds. */
  readonly timeoutMs: number;
  /** What to make of a source that leaves nothing to apply. */
  readonly empty: 'refuse' | 'allow';
}

const MIB = 1024 * 1024;

/** Far above what an honest config image needs, far below what harms an instance. */
export const DEFAULT_CONTENT: ContentRule = {
  maxBytes: 64 * MIB,
  maxUnpackedBytes: 256 * MIB,
  maxEntries: 50_000,
  maxDepth: 64,
  maxPathBytes: 1_024,
  timeoutMs: 60_000,
  empty: 'refuse',
};

/** What an RSync takes from an image: a directory of the flattened layers (`.` is all), or a Helm chart. */
export type Taken = { readonly type: 'oci'; readonly dir: string } | { readonly type: 'helm' };
