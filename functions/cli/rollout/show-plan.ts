import { CountersignError } from '#shared/core/errors.ts';
import { viewPlan } from '../screens/plan.ts';
import type { ExitCode } from '../terminal.ts';
import { readRollouts } from '../api/pages.ts';
import type { VerbDeps } from '../verb.ts';
import { Plan } from '../api/schema.ts';

/**
 * What is left of an image's roll-out, or what another digest of it would do; 0 where that ends by itself, or by people's
 * approvals, 1 where something stops it. Throws `bad-request` where the image has no roll-out, or several.
 */
export async function showPlan(
  { image }: { readonly image: string },
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const [name = '', digest] = image.split('@', 2);
  const { rollouts } = await readRollouts(api, { image: name });
  const [rollout, ...more] = rollouts;
  if (rollout === undefined) {
    throw new CountersignError('bad-request', `${name} has no roll-out: see countersign rollouts`);
  }
  if (more.length > 0) {
    const names = rollouts.slice(0, MAX_NAMED).map((one) => one.image);
    throw new CountersignError('bad-request', `Name one of these images: ${names.join(', ')}`);
  }
  const path = `/v1/rollouts/${encodeURIComponent(rollout.id)}/plan`;
  const plan = await api.get(path, { digest }, Plan);
  terminal.show(viewPlan(plan));
  return plan.endsAt === undefined ? 1 : 0;
}

/** Images that a message names. */
const MAX_NAMED = 10;
