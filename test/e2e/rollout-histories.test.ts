import { HISTORIES, simulate } from '#test/unit/core/rollout/simulation.ts';

// What `npm test` draws an eighth of.
simulate('replace', HISTORIES.long);
simulate('queue', HISTORIES.long);
simulate('rollback', HISTORIES.long);
simulate('checked', HISTORIES.long);
