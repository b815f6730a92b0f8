import type { Bug } from '#test/faults/planting.ts';
import type { Fault } from './oracle/findings.ts';

/** A bug in what is reported, planted in a copy of the repository: the campaign must find it. */
export interface PlantedReport extends Bug {
  readonly bug: string;
  readonly caughtAs: readonly Fault[];
}

export const PLANTED_REPORTS: readonly PlantedReport[] = [
  {
    bug: 'a failure is over by any other phase',
    file: 'shared/core/transition.ts',
    find: 'const well = WELL.has(phase) || isOver(previous?.failure, phase, quiet);',
    replace: 'const well = !failed || isOver(previous?.failure, phase, quiet);',
    caughtAs: ['false'],
  },
  {
    bug: 'an older verdict replaces a newer one',
    file: 'shared/reconcile/claim-image.ts',
    find: 'return readAt > Date.parse(reading.readAt) && readAt <= now.getTime();',
    replace: 'return readAt > now.getTime();',
    caughtAs: ['false', 'doubled', 'missed'],
  },
  {
    bug: 'an approval may wait for ever',
    file: 'shared/core/observe-approved.ts',
    find: 'return now.getTime() - waitingSince.getTime() > settings.liveAfterMs + pollMs;',
    replace: 'return now.getTime() - waitingSince.getTime() < -settings.liveAfterMs - pollMs;',
    caughtAs: ['missed', 'shown'],
  },
  {
    bug: 'a tag in trouble has no record of its own',
    file: 'shared/reconcile/publish-verdict.ts',
    find: 'const named = digest.key.digest === name ? {} : { tag };',
    replace: 'const named = tag.key.digest.length > 999 ? { tag } : {};',
    caughtAs: ['missed'],
  },
  {
    bug: 'what is claimed is published by all',
    file: 'shared/reconcile/claim-image.ts',
    find: "if (standing.includes('same')) return undefined;",
    replace: '',
    caughtAs: ['doubled'],
  },
  {
    bug: 'a recovery is not reported',
    file: 'shared/core/transition.ts',
    find: "if (recovered) events.push('recovered');",
    replace: '',
    caughtAs: ['missed'],
  },
];
