import { randomUUID } from 'node:crypto';
import type { Client } from './client.ts';

/**
 * What a registry may lack. Each is asserted either way: where it is not named, its absence is the contract.
 * `grammar-errors`: names and references that break the grammar get an error body, not a bare 404.
 * `ordered-chunks`: the Content-Range of a chunk is heeded.
 */
export type Capability =
  | 'delete-tag'
  | 'grammar-errors'
  | 'ordered-chunks'
  | 'referrers'
  | 'tags-paging';

export interface Subject {
  readonly can: (capability: Capability) => boolean;
  /** The registry's address, `http://host:port`. */
  readonly url: () => string;
  /** A client for a repository; without a name, for one that nothing was pushed to. */
  readonly repository: (name?: string) => Client;
}

/** A repository name of several segments that no other test has. */
export function freshName(): string {
  return `team/configs_x/${randomUUID()}`;
}
