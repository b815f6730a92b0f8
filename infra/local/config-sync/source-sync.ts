import type { DeclaredSync } from './declared-syncs.ts';
import type { Lifetime } from './lifetime.ts';
import { MAX_PULL_FAILURES, PULL_BACKOFF, PULL_BACKOFF_CAP, PULL_TIMEOUT } from './limits.ts';
import { type Pace, scalePull } from './pace.ts';

/** What was pulled: the commit that names it, and the paths in it. */
export interface Content {
  readonly commit: string;
  readonly paths: readonly string[];
  /** The RSyncs among its objects; of an image only. */
  readonly declared?: readonly DeclaredSync[];
  /** The text of each file that is Kustomize's, by path. */
  readonly kustomizations?: ReadonlyMap<string, string>;
}

/** Gets the content once; `known` is what is there already, given back where nothing has changed. */
export type Pull = (signal: AbortSignal, known: Content | undefined) => Promise<Content>;

export type SourceState =
  | { readonly type: 'waiting' }
  | { readonly type: 'failed'; readonly why: string }
  | { readonly type: 'ready'; readonly content: Content };

export interface SourceSyncOptions {
  readonly pull: Pull;
  /** Milliseconds between pulls on a real cluster; undefined: pulled once, then never again. */
  readonly period: number | undefined;
  readonly pace: Pace;
  readonly lifetime: Lifetime;
}

/** oci-sync or helm-sync: pulls at its period, backs off after failures, and forgets nothing that it has. */
export function startSourceSync(options: SourceSyncOptions): { state: () => SourceState } {
  const { pull, period, pace, lifetime } = options;
  let state: SourceState = { type: 'waiting' };
  let known: Content | undefined;
  let failures = 0;

  async function turn(): Promise<void> {
    try {
      known = await lifetime.limit(PULL_TIMEOUT, (signal) => pull(signal, known));
      state = { type: 'ready', content: known };
      failures = 0;
      if (period !== undefined) lifetime.after(scalePull(pace, period), turn);
    } catch (error) {
      state = { type: 'failed', why: error instanceof Error ? error.message : String(error) };
      failures = failures >= MAX_PULL_FAILURES ? 0 : failures + 1;
      lifetime.after(scalePull(pace, pullBackoff(failures, period)), turn);
    }
  }

  lifetime.launch(turn);
  return { state: () => state };
}

/** Milliseconds of a real cluster after so many failures in a row; 0, after the last one allowed, begins anew. */
export function pullBackoff(failures: number, period = 0): number {
  const cap = Math.max(PULL_BACKOFF_CAP, period);
  return Math.min(PULL_BACKOFF * 2 ** Math.max(failures - 1, 0), cap);
}
