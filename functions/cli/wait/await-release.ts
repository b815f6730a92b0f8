import type { ExitCode } from '../terminal.ts';
import { awaitDigest, type AwaitOptions } from './await-digest.ts';
import { awaitStage } from './await-stage.ts';
import type { VerbDeps } from '../verb.ts';

/** Waits until an image is live everywhere, or until its roll-out has passed a stage. */
export function awaitRelease(
  { stage, ...options }: AwaitOptions & { readonly stage?: string },
  deps: VerbDeps,
): Promise<ExitCode> {
  return stage === undefined ? awaitDigest(options, deps) : awaitStage({ ...options, stage }, deps);
}
