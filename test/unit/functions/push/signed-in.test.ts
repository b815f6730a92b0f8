import { expect, it } from 'vitest';
import { createSignedIn } from '#functions/push/signed-in.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { join } from 'node:path';

const FULL = join(import.meta.dirname, '../../../fixtures/config/full-rollouts.yaml');

it('finds the rules whose policy, or whose stages policy, keeps its signatures in a repository', async () => {
  const config = await loadConfig(FULL);
  const [rule] = config.images;
  const [policy] = Object.values(config.trust);
  if (rule === undefined || policy === undefined) throw new Error('The fixture has both');
  const qa = { ...policy, signatureRepository: 'r.example/qa' };
  const own = { ...policy, signatureRepository: 'r.example/own' };
  const stages = config.rollouts.strategies[rule.rollout ?? '']?.stages.map((one) => ({
    ...one,
    signedBy: 'qa',
  }));
  const strategy = config.rollouts.strategies[rule.rollout ?? ''];
  if (strategy === undefined || stages === undefined) throw new Error('The fixture has a strategy');
  const signedIn = createSignedIn({
    images: [rule, { ...rule, rollout: 'none' }],
    trust: { [rule.trust]: own, qa },
    rollouts: { ...config.rollouts, strategies: { [rule.rollout ?? '']: { ...strategy, stages } } },
  });
  expect(signedIn('r.example/own')).toHaveLength(2);
  expect(signedIn('r.example/qa')).toEqual([rule]);
  expect(signedIn('r.example/other')).toEqual([]);
});
