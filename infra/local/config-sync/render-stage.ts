import type { KubeClient } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { HYDRATION_PERIOD } from './limits.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import { isWithin, needsRendering, renderSource, REQUIRES_RENDERING } from './render-source.ts';
import type { RSync } from './rsync.ts';
import type { SyncError } from './schema.ts';
import type { Content } from './source-sync.ts';
import type { RenderingMessage } from './stage-status.ts';
import { renderError, renderingMismatch } from './sync-errors.ts';

export interface Rendered {
  readonly status: { readonly message: RenderingMessage; readonly errors: readonly SyncError[] };
  /** What is parsed next, by path; undefined where it cannot go on. */
  readonly files?: readonly string[];
}

export interface RenderWorld {
  readonly rsync: RSync;
  readonly kube: Pick<KubeClient, 'annotate'>;
  readonly pace: Pace;
  readonly lifetime: Lifetime;
}

/**
 * The hydration-controller, and what the reconciler makes of it: whether a pod has it is decided at its rollout, by an
 * annotation that the reconciler corrects. It begins with a commit only once that was announced, and is looked for
 * after its own polling period.
 */
export function renderStage(
  world: RenderWorld,
): (content: Content, dir: string) => Promise<Rendered> {
  const { rsync, kube, pace, lifetime } = world;
  const enabled = rsync.annotations[REQUIRES_RENDERING] === 'true';
  let begun: { commit: string; done: number } | undefined;

  return async (content, dir) => {
    const needed = needsRendering(content, dir);
    if (needed !== enabled) {
      await kube.annotate(rsync, REQUIRES_RENDERING, String(needed));
      const message = needed
        ? 'Rendering required but is currently disabled'
        : 'Rendering not required but is currently enabled';
      return { status: { message, errors: [renderingMismatch(needed)] } };
    }
    if (!enabled) {
      const files = content.paths.filter((path) => isWithin(path, dir));
      return { status: { message: 'Rendering skipped', errors: [] }, files };
    }
    const now = lifetime.clock.now();
    if (begun?.commit !== content.commit) {
      begun = { commit: content.commit, done: now + scaleAttempt(pace, HYDRATION_PERIOD) };
    }
    if (now < begun.done) {
      return { status: { message: 'Rendering is still in progress', errors: [] } };
    }
    try {
      const files = renderSource(content, dir);
      return { status: { message: 'Rendering succeeded', errors: [] }, files };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { status: { message: 'Rendering failed', errors: [renderError(why)] } };
    }
  };
}
