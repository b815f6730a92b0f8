import type { Mutation } from './mutations.ts';

const CORE = 'shared/core/rollout';
const UNIT = 'test/unit/core/rollout';

/** What people are shown of a roll-out before it happens, and while they wait. */
export const PLAN_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'a stage behind an empty one opens by its signature as well',
    file: `${CORE}/advance.ts`,
    in: 'pass',
    find: 'if (signedBy !== undefined && !fleet.signedBy.includes(signedBy)) {',
    replace:
      'if (type === "stage.passed" && signedBy !== undefined && !fleet.signedBy.includes(signedBy)) {',
    tests: [`${UNIT}/turns.test.ts`],
  },
  {
    guarantee: 'the search for an opening ends, whatever year a freeze names',
    file: `${CORE}/windows.ts`,
    in: 'endOf',
    find: 'let over = first + LONGEST_FREEZE_MINUTES;',
    replace: 'let over = first + 900 * LONGEST_FREEZE_MINUTES;',
    tests: [`${UNIT}/windows.test.ts`],
  },
  {
    guarantee: 'a plan lets in what has a slot',
    file: `${CORE}/stage-plan.ts`,
    in: 'planStage',
    find: 'Math.min(most, strategy.clustersAtOnce - fleet.elsewhere)',
    replace: 'most',
    tests: [`${UNIT}/plan.test.ts`],
  },
  {
    guarantee: 'a plan waits for the freeze of the one whose turn it is',
    file: `${CORE}/schedule.ts`,
    in: 'startable',
    find: 'while (next < upTo && !isHeld(queue[next], frozen)) next += 1;',
    replace: 'next = upTo;',
    tests: [`${UNIT}/plan.test.ts`],
  },
  {
    guarantee: 'a way back is looked for in the repository of the image alone',
    file: 'shared/rollouts/way-back.ts',
    in: 'referenceOf',
    find: 'return reference?.repository === repository ? reference : undefined;',
    replace: 'return reference;',
    tests: ['test/unit/rollouts/way-back.test.ts'],
  },
  {
    guarantee: 'a roll-out that could not go back says so as it begins',
    file: 'shared/rollouts/way-back.ts',
    in: 'hasNoWayBack',
    find: "=== 'gone'",
    replace: "=== 'none'",
    tests: ['test/unit/functions/push/staged.test.ts'],
  },
  {
    guarantee: 'preflight plans no more images than its limit',
    file: 'functions/cli/preflight/plan-images.ts',
    in: 'planImages',
    find: 'all.slice(0, MAX_PLANS)',
    replace: 'all',
    tests: ['test/unit/functions/cli/preflight-plans.test.ts'],
  },
  {
    guarantee: 'who started a roll-out is not named as one who may approve it',
    file: `${CORE}/explain-steps.ts`,
    in: 'sayApprovals',
    find: '&& by !== startedBy',
    replace: '',
    tests: [`${UNIT}/explain.test.ts`],
  },
  {
    guarantee: 'an RSync waits for its stage before its window',
    file: `${CORE}/explain.ts`,
    in: 'isAhead',
    find: 'place.index > strategy.stages.findIndex(',
    replace: 'place.index > 100 + strategy.stages.findIndex(',
    tests: [`${UNIT}/explain.test.ts`],
  },
];
