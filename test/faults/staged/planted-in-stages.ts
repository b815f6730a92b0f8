import type { Planted } from '../planted.ts';

const EARLY = 'S1 no stage gets a digest before the stages before it have run it';
const STOPPED = 'S2 nothing is approved after a stop was recorded';
const ROLLED_BACK = 'S3 what was rolled back is not approved again';
const HELD = 'S4 a hold is honoured';
const LOST = 'S5 a lost record moves nothing';
const FROZEN = 'S7 nothing new is approved where a person has frozen it';
const ORDER = 'S6 decisions are recorded before they are acted on';

/** Bugs of staged roll-outs, each of which lets something through that no stage has let through. */
export const PLANTED_IN_STAGES: readonly Planted[] = [
  {
    law: 'stages: each writer asks for itself',
    bug: 'the worker does not ask',
    file: 'shared/reconcile/admission.ts',
    find: 'if (staging === undefined) return async () => undefined;',
    replace: 'return async () => undefined;',
    caughtBy: [EARLY, STOPPED],
    rollouts: true,
  },
  {
    law: 'stages: first the record, then the tasks',
    bug: 'the sweep tasks before it writes',
    file: 'functions/sweep/handle-sweep.ts',
    find: 'const frozen = staging && (await sweepFreezes({ ...deps, staging }));',
    replace:
      "const frozen = staging && (await sweepFreezes({ ...deps, staging }));\n  await deps.publishTasks(fleet.members.map(({ name }) => ({ cluster: name, reason: 'sweep' as const, id })));",
    caughtBy: [ORDER],
    rollouts: true,
  },
  {
    law: 'stages: a lost record moves nothing',
    bug: 'a lost record is adopted as if there had never been one',
    file: 'shared/core/rollout/recover.ts',
    find: 'if (missing.retired === undefined && !isNew) return',
    replace: 'if (missing.retired === undefined && !isNew && isNew) return',
    caughtBy: [LOST, EARLY],
    rollouts: true,
  },
  {
    law: 'stages: a digest ahead of its tag waits for its turn',
    bug: 'what a person asks for ahead is approved at once',
    file: 'shared/reconcile/approve-digest-ahead.ts',
    find: 'return why === undefined && digest === key ? defined({ rollout }) : undefined;',
    replace: 'void [why, digest]; return defined({ rollout });',
    caughtBy: [EARLY, STOPPED, HELD],
    rollouts: true,
  },
  {
    law: 'stages: a hold is honoured',
    bug: 'the worker overlooks holds',
    file: 'shared/reconcile/admission.ts',
    find: 'const held = hold !== undefined;',
    replace: 'const held = hold === null;',
    caughtBy: [HELD],
    rollouts: true,
  },
  {
    law: 'a freeze is honoured',
    bug: 'the worker does not ask what is frozen',
    file: 'shared/reconcile/read-freezing.ts',
    find: 'freezesIn(found, now())',
    replace: 'freezesIn(found, now()).filter(() => false)',
    caughtBy: [FROZEN],
    rollouts: true,
  },
  {
    law: 'stages: a stage soaks',
    bug: 'a soak is over as it begins',
    file: 'shared/core/rollout/advance.ts',
    find: 'if (elapsed(seen.okSince, world) < stage.soakMs ||',
    replace: 'if (',
    caughtBy: [EARLY],
    rollouts: true,
  },
  {
    law: 'stages: what was rolled back stays away',
    bug: 'a way back forgets what it leads away from',
    file: 'shared/core/rollout/arrive.ts',
    find: 'rejected: [...rejected, bad].slice(-MAX_REJECTED),',
    replace: 'rejected,',
    caughtBy: [ROLLED_BACK, EARLY],
    rollouts: true,
  },
  {
    law: 'stages: no other tag is a way round',
    bug: 'only the record of the own tag is asked',
    file: 'shared/core/rollout/among.ts',
    find: 'if (!rollsOut(record, digest)) return undefined;',
    replace: 'return undefined;',
    caughtBy: [EARLY, STOPPED],
    rollouts: true,
  },
];
