import { posix } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type Content, isKustomization, KUSTOMIZATIONS } from './unpack-layers.ts';
import type { KubeClient } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import type { RSync, SyncError } from './rsync.ts';
import { renderError, renderingMismatch } from './sync-errors.ts';

/** HYDRATION_POLLING_PERIOD: how long a rendering takes to be seen at most. */
const HYDRATION_PERIOD = 5_000;

interface Rendered {
  readonly status: { readonly message: string; readonly errors: readonly SyncError[] };
  /** What is parsed next, by path; undefined where it cannot go on. */
  readonly files?: readonly string[];
}

interface RenderDeps {
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
  deps: RenderDeps,
): (content: Content, dir: string) => Promise<Rendered> {
  const { rsync, kube, pace, lifetime } = deps;
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

export const REQUIRES_RENDERING = 'configsync.gke.io/requires-rendering';

/** Kustomizations within kustomizations. Own. */
const DEPTH = 8;

const kustomizationSchema = z.looseObject({ resources: z.array(z.string()).default([]) });

type Renderable = Pick<Content, 'paths' | 'kustomizations'>;

/** Whether anything below `dir` is for Kustomize, so that the source has to be rendered first. */
export function needsRendering({ paths }: Renderable, dir: string): boolean {
  return paths.some((path) => isKustomization(path) && isWithin(path, dir));
}

/**
 * The files that `resources` of the kustomization in `dir` name, through other kustomizations; nothing else that
 * Kustomize does is worked out here. Throws, saying why, where the real one fails because a file is missing.
 */
export function renderSource(source: Renderable, dir: string, depth = DEPTH): string[] {
  const found = KUSTOMIZATIONS.map((name) => posix.join(dir, name)).find((path) =>
    source.paths.includes(path),
  );
  if (found === undefined) throw new Error(`no kustomization file in ${dir}`);
  if (depth === 0) throw new Error(`kustomizations are nested too deeply in ${dir}`);
  const parsed = kustomizationSchema.safeParse(parse(source.kustomizations?.get(found) ?? ''));
  if (!parsed.success) throw new Error(`${found} is no kustomization`);
  return parsed.data.resources.flatMap((resource) => {
    const path = posix.join(dir, resource);
    const isFolder = source.paths.some((other) => other.startsWith(`${path}/`));
    if (isFolder) return renderSource(source, path, depth - 1);
    if (source.paths.includes(path)) return [path];
    throw new Error(`accumulating resources from '${resource}': no such file or directory`);
  });
}

/** Whether a path of the source is in `dir`, which is `.` for its root. */
function isWithin(path: string, dir: string): boolean {
  return dir === '.' || path.startsWith(`${dir}/`);
}
