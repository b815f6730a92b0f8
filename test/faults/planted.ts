import type { Check } from './oracle/violations.ts';
import { PLANTED_IN_STAGES } from './staged/planted-in-stages.ts';

/** One bug, planted in a copy of the repository: the checks named must find it. */
export interface Planted {
  readonly law: string;
  readonly bug: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: readonly Check[];
  /** Found by a campaign with roll-outs in stages. */
  readonly rollouts?: boolean;
}

/** A law (docs/design.md#laws) that a campaign in one process cannot break. */
export const OUT_OF_REACH: readonly string[] = [
  'law 9: no token and no address leaves the process; test:mutations takes it away',
];

export const PLANTED: readonly Planted[] = [
  {
    law: 'law 1: running it twice changes nothing',
    bug: 'an approval in place is written again',
    file: 'shared/core/approve.ts',
    find: 'if (inPlace && spec === undefined) return undefined;',
    replace: '',
    caughtBy: ['a second run changes nothing'],
  },
  {
    law: 'law 1: events are hints',
    bug: 'the sweep looks at nothing',
    file: 'functions/sweep/handle-sweep.ts',
    find: "plan.due.map((cluster) => ({ cluster, reason: 'sweep', id }))",
    replace: '[]',
    caughtBy: ['1 every RSync ends where registry and policy say'],
  },
  {
    law: 'law 2: verify what will run',
    bug: 'the index is taken for its child',
    file: 'shared/registry/resolve.ts',
    find: 'digest: manifest.digest,\n    index,',
    replace: 'digest: top?.digest ?? manifest.digest,\n    index,',
    caughtBy: ['1 every RSync ends where registry and policy say', '3 no approval goes backwards'],
  },
  {
    law: 'law 3: fail closed',
    bug: 'what is not verified is approved',
    file: 'shared/core/decide.ts',
    find: "const verified = verdict.status === 'verified' && ",
    replace: "const verified = verdict.status !== 'unusable' && ",
    caughtBy: ['2 nothing is approved that does not verify'],
  },
  {
    law: 'law 4: no older answer over a newer one',
    bug: 'a resolution from before the approval in place is good enough',
    file: 'shared/core/decision-input.ts',
    find: 'Date.parse(facts.resolvedAt) >= Date.parse(resolvedAt)',
    replace: 'facts.resolvedAt === ""',
    caughtBy: ['3 no approval goes backwards'],
  },
  {
    law: 'law 4: the resourceVersion decides',
    bug: 'patches carry no resourceVersion',
    file: 'shared/configsync/rsyncs.ts',
    find: 'resourceVersion: rsync.resourceVersion',
    replace: 'resourceVersion: undefined',
    caughtBy: ['3 no approval goes backwards', 'a second run changes nothing'],
  },
  {
    law: 'law 5: one cluster never blocks another',
    bug: 'an unreachable cluster is a failure',
    file: 'shared/reconcile/reconcile-cluster.ts',
    find: 'if (phase === undefined) throw error;',
    replace: 'throw error;',
    caughtBy: ['every handler ends as it should'],
  },
  {
    law: 'law 6: publish first, then record',
    bug: 'what was not recorded yet is not reported',
    file: 'shared/reconcile/reconcile-cluster.ts',
    find: '    await reportSync(written, doubted.get(written.rsync.uid), by, deps);\n',
    replace:
      '    if (doubted.has(written.rsync.uid)) await reportSync(written, doubted.get(written.rsync.uid), by, deps);\n',
    caughtBy: ['5 every push has its outcome', '4 every failure is reported, and its recovery'],
  },
  {
    law: 'law 7: no message is trusted more than its sender',
    bug: 'a task names any cluster',
    file: 'shared/reconcile/reconcile-cluster.ts',
    find: 'const member = await deps.fleet.find(task.cluster);',
    replace:
      'const member = { name: task.cluster, id: task.cluster, labels: {} } as Member | undefined;',
    caughtBy: ['no cluster is called but members'],
  },
  {
    law: 'law 8: calls are scarce',
    bug: 'what a reconcile covered is listed again',
    file: 'shared/reconcile/reconcile-cluster.ts',
    find: "if (isCovered(record, task, publishedAt, deps.now())) return { status: 'covered' };",
    replace: 'void isCovered;',
    caughtBy: ['no call is made in vain'],
  },
  {
    law: 'law 10: on a leash',
    bug: 'a patch writes one more annotation',
    file: 'shared/configsync/rsyncs.ts',
    find: 'resourceVersion: rsync.resourceVersion, annotations }',
    replace:
      "resourceVersion: rsync.resourceVersion, annotations: { ...annotations, 'configsync.gke.io/extra': 'x' } }",
    caughtBy: ['a patch touches nothing but ours'],
  },
  {
    law: 'section 8: a retry repeats the ce-id',
    bug: 'the ce-id hashes the time of telling',
    file: 'shared/status/encode.ts',
    find: 'const identity = {\n    type,',
    replace: "const identity = {\n    since: data['since'],\n    type,",
    caughtBy: ['6 one transition has one ce-id'],
  },
  {
    law: 'history: nothing is in it twice',
    bug: 'a delivery is an event of its own',
    file: 'functions/history/handle-event.ts',
    find: "    id: found['ce-id'],",
    replace: "    id: Math.random().toString(16).slice(2).padEnd(64, '0'),",
    caughtBy: ['7 the history has every event once'],
  },
  {
    law: 'history: nothing is missing from it',
    bug: 'a message is acknowledged before its event is recorded',
    file: 'functions/history/handle-event.ts',
    find: 'const isNew = await history.add(entry);',
    replace: 'const isNew = true; void history.add(entry).catch(() => undefined);',
    caughtBy: ['7 the history has every event once'],
  },
  ...PLANTED_IN_STAGES,
];
