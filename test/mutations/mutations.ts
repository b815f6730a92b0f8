import { ADMISSION_MUTATIONS } from './admission.ts';
import { ATTESTATION_MUTATIONS } from './attestations.ts';
import { COMMAND_MUTATIONS } from './command.ts';
import { CONFIG_SYNC_MUTATIONS } from './configsync.ts';
import { CONTENT_MUTATIONS } from './content.ts';
import { DECISION_MUTATIONS } from './decisions.ts';
import { EVIDENCE_MUTATIONS } from './evidence.ts';
import { FREEZE_MUTATIONS } from './freezes.ts';
import { HOLD_MUTATIONS } from './holds.ts';
import { HISTORY_MUTATIONS } from './history.ts';
import { KEY_MUTATIONS } from './keys.ts';
import { NET_MUTATIONS } from './net.ts';
import { NETWORK_MUTATIONS } from './networks.ts';
import { KUBE_MUTATIONS } from './kube.ts';
import { LOCAL_WORLD_MUTATIONS } from './local-world.ts';
import { LOG_MUTATIONS } from './logs.ts';
import { OPERATION_MUTATIONS } from './operations.ts';
import { OVERVIEW_MUTATIONS } from './overview.ts';
import { PACKED_MUTATIONS } from './packed.ts';
import { PHASE_MUTATIONS } from './phases.ts';
import { PLAN_MUTATIONS } from './plans.ts';
import { ROLLOUT_MUTATIONS } from './rollouts.ts';
import { SCREEN_MUTATIONS } from './screens.ts';
import { STAGED_MUTATIONS } from './staged.ts';
import { STAND_IN_MUTATIONS } from './stand-in.ts';
import { STEP_MUTATIONS } from './steps.ts';
import { SWEEP_MUTATIONS } from './sweep.ts';
import { TELEMETRY_MUTATIONS } from './telemetry.ts';
import { TRUST_MUTATIONS } from './trust.ts';
import { VERSION_MUTATIONS } from './versions.ts';

/** One guarantee taken away: the tests named must turn red. */
export interface Mutation {
  readonly guarantee: string;
  readonly file: string;
  /** Name of the declaration at the top of the file, most often a function. */
  readonly in: string;
  /** Occurs exactly once in it; line breaks and indents do not count. */
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const RECONCILE = 'test/unit/reconcile';
const CORE = 'test/unit/core';

/** The laws (docs/design.md#laws): what must not go unnoticed when it is gone. */
export const MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'law 1: the second run changes nothing',
    file: 'shared/core/approve.ts',
    in: 'approve',
    find: 'if (inPlace && spec === undefined) return undefined;',
    replace: '',
    tests: [CORE, RECONCILE],
  },
  {
    guarantee: 'law 1: a push is what the registry says',
    file: 'functions/push/handle-push.ts',
    in: 'interpret',
    find: 'references: [parseReference(`${repository}:${tag}`)]',
    replace: 'references: [parseReference(`${repository}@${digest}`)]',
    tests: ['test/unit/functions/handle-push.test.ts'],
  },
  {
    guarantee: 'law 2: the digest is computed from the bytes',
    file: 'shared/registry/http-registry.ts',
    in: 'createRegistry',
    find: 'if (digest !== undefined && digest !== hashed)',
    replace: 'if (digest === undefined && wanted === hashed)',
    tests: ['test/unit/registry', 'test/hostile'],
  },
  {
    guarantee: 'law 2: every blob is hashed against its digest',
    file: 'shared/registry/http-registry.ts',
    in: 'createRegistry',
    find: 'if (digest !== hashed) throw misbehaved(`Blob ${repository}@${digest}`, `is ${hashed}`);',
    replace: '',
    tests: ['test/unit/registry', 'test/hostile'],
  },
  {
    guarantee: 'law 2: the child of an index is what is written',
    file: 'shared/registry/resolve.ts',
    in: 'resolveImage',
    find: "{ status: 'resolved', digest: manifest.digest,",
    replace: "{ status: 'resolved', digest: (top ?? manifest).digest,",
    tests: ['test/unit/registry'],
  },
  {
    guarantee: 'law 3: nothing but verified is approved',
    file: 'shared/core/decide.ts',
    in: 'decide',
    find: "const verified = verdict.status === 'verified' &&",
    replace: "const verified = verdict.status !== 'unusable' &&",
    tests: [CORE],
  },
  {
    guarantee: 'law 3: a failure to check is thrown',
    file: 'shared/reconcile/resolve-targets.ts',
    in: 'createTargets',
    find: 'const known = asked.get(name) ?? resolveTarget(target, resolve);',
    replace:
      'const known = asked.get(name) ?? resolveTarget(target, resolve).catch(() => shared.values().next().value!);',
    tests: [RECONCILE],
  },
  {
    guarantee: 'law 4, first guard: not strictly older needs a fresh resolution',
    file: 'shared/core/decision-input.ts',
    in: 'needsFreshResolution',
    find: 'Date.parse(facts.resolvedAt) >= Date.parse(resolvedAt)',
    replace: 'Date.parse(facts.resolvedAt) > Date.parse(resolvedAt)',
    tests: [CORE, RECONCILE],
  },
  {
    guarantee: 'law 4, first guard: decide holds what is not fresh',
    file: 'shared/core/decide.ts',
    in: 'decide',
    find: 'if (ordered && needsFreshResolution(rsync, resolved.resolution)) return leave(input);',
    replace: '',
    tests: [CORE],
  },
  {
    guarantee: 'law 4, first guard: the tag is resolved afresh after the list',
    file: 'shared/reconcile/resolve-targets.ts',
    in: 'createTargets',
    find: 'return needsFreshResolution(rsync, found)',
    replace: 'return needsFreshResolution(rsync, found) && Object.is(found, rsync)',
    tests: [RECONCILE],
  },
  {
    guarantee: 'law 4, second guard: the patch carries the resourceVersion that was listed',
    file: 'shared/configsync/rsyncs.ts',
    in: 'buildPatchBody',
    find: 'resourceVersion: rsync.resourceVersion',
    replace: 'resourceVersion: undefined',
    tests: ['test/unit/configsync', 'test/contract/fleet'],
  },
  {
    guarantee: 'law 4, second guard: after a lost race the tag is resolved afresh',
    file: 'shared/reconcile/write.ts',
    in: 'writeFinding',
    find: 'const plan = await look.again(look.read(rsync, row));',
    replace: 'const plan = { ...found, rsync };',
    tests: [RECONCILE],
  },
  {
    guarantee: 'law 4: a resolution is never older than the task that asks',
    file: 'shared/registry/burst.ts',
    in: 'createBurstResolver',
    find: 'known.startedAt >= oldest',
    replace: 'known.startedAt >= 0',
    tests: ['test/unit/registry'],
  },
  {
    guarantee: 'law 5: an unreachable cluster is an answer',
    file: 'shared/reconcile/reconcile-cluster.ts',
    in: 'reconcileCluster',
    find: 'if (phase === undefined) throw error;',
    replace: 'throw error;',
    tests: [RECONCILE],
  },
  {
    guarantee: 'law 6: publish first, then record',
    file: 'shared/reconcile/reconcile-cluster.ts',
    in: 'report',
    find: '    await reportSync(written, doubted.get(written.rsync.uid), by, deps);\n',
    replace:
      '    if (!doubted.has(written.rsync.uid)) await reportSync(written, undefined, by, deps);\n',
    tests: [RECONCILE],
  },
  {
    guarantee: 'law 7: a task names a cluster of the fleet or nothing',
    file: 'shared/reconcile/reconcile-cluster.ts',
    in: 'reconcileCluster',
    find: 'const member = await deps.fleet.find(task.cluster);',
    replace:
      'const member = { name: task.cluster, id: task.cluster, labels: {} } as Member | undefined;',
    tests: [RECONCILE],
  },
  {
    guarantee: 'law 8: what a reconcile covered is not listed again',
    file: 'shared/reconcile/reconcile-cluster.ts',
    in: 'reconcileCluster',
    find: "if (isCovered(record, task, publishedAt, deps.now())) return { status: 'covered' };",
    replace: 'void isCovered;',
    tests: [RECONCILE, 'test/unit/functions'],
  },
  {
    guarantee: 'law 8: one reconcile of a cluster at a time',
    file: 'functions/cluster/handle-task.ts',
    in: 'runTask',
    find: 'const result = await deps.serial(`cluster ${cluster}`, () =>',
    replace:
      'const result = await (async (_: string, work: () => Promise<object>) => await work())(cluster, () =>',
    tests: ['test/unit/functions'],
  },
  {
    guarantee: 'reports: an older reading reports nothing over a newer one',
    file: 'shared/reconcile/claim-image.ts',
    in: 'isOlder',
    find: 'return readAt > Date.parse(reading.readAt) && readAt <= now.getTime();',
    replace: 'return readAt < 0 && readAt <= now.getTime();',
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: a verdict is claimed by one function',
    file: 'shared/reconcile/claim-image.ts',
    in: 'standingOf',
    find: "return claim.status === news.status ? 'same' : 'other';",
    replace: "return claim.status === news.status ? 'free' : 'free';",
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: the tasks of one sweep publish a verdict once',
    file: 'shared/reconcile/publish-verdict.ts',
    in: 'publishOnce',
    find: 'serial(`image ${news.digest.key.repository}`,',
    replace: 'serial(`image ${Math.random()}`,',
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: a tag that breaks again is reported again',
    file: 'shared/reconcile/claim-image.ts',
    in: 'isNews',
    find: 'named.record.status !== news.status || isOtherTrouble(news, named)',
    replace: 'isOtherTrouble(news, named)',
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: a trouble that a tag left and comes back to is reported again',
    file: 'shared/reconcile/claim-image.ts',
    in: 'isNews',
    find: 'named.record.status !== news.status || isOtherTrouble(news, named)',
    replace: 'named.record.status !== news.status',
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: a claim that no publication followed is none',
    file: 'shared/reconcile/claim-image.ts',
    in: 'claimImage',
    find: 'if (trace !== undefined) {',
    replace: 'if (trace === null) {',
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: a verdict from before an approval is read again',
    file: 'shared/reconcile/judge-rsync.ts',
    in: 'isOutdated',
    find: 'receipt.approvedAt >= readAt',
    replace: 'receipt.approvedAt === readAt',
    tests: [RECONCILE],
  },
  {
    guarantee: 'reports: rows of a cluster out of reach have no present phase',
    file: 'shared/overview/present-row.ts',
    in: 'presentOf',
    find: "if (look.phase !== 'Reachable') {",
    replace: "if (look.phase === 'Forbidden') {",
    tests: ['test/service/api/stale.test.ts'],
  },
  {
    guarantee: 'reports: a verdict since the last look is in the rows',
    file: 'shared/overview/present-row.ts',
    in: 'isNews',
    find: 'return Date.parse(since) > (Date.parse(lookedAt) || 0) && row.verdict !== status;',
    replace: 'return Date.parse(since) < (Date.parse(lookedAt) || 0) && row.verdict !== status;',
    tests: ['test/service/api/stale.test.ts'],
  },
  {
    guarantee: 'reports: a new follower is found by the push',
    file: 'shared/reconcile/fan-out.ts',
    in: 'fanOut',
    find: 'repository === undefined || followed',
    replace: 'repository === undefined || followed || true',
    tests: ['test/unit/functions/handle-push.test.ts'],
  },
  {
    guarantee: 'law 9: a Google token goes to Google only',
    file: 'shared/core/google-host.ts',
    in: 'isGoogleHost',
    find: 'GCR_IO.test(host) || PKG_DEV.test(host)',
    replace: "GCR_IO.test(host) || host.includes('pkg.dev')",
    tests: ['test/unit/registry', 'test/hostile'],
  },
  ...SWEEP_MUTATIONS,
  ...TRUST_MUTATIONS,
  ...LOCAL_WORLD_MUTATIONS,
  ...LOG_MUTATIONS,
  ...HISTORY_MUTATIONS,
  ...KEY_MUTATIONS,
  ...ATTESTATION_MUTATIONS,
  ...COMMAND_MUTATIONS,
  ...CONFIG_SYNC_MUTATIONS,
  ...CONTENT_MUTATIONS,
  ...KUBE_MUTATIONS,
  ...STAND_IN_MUTATIONS,
  ...NET_MUTATIONS,
  ...NETWORK_MUTATIONS,
  ...OPERATION_MUTATIONS,
  ...ADMISSION_MUTATIONS,
  ...TELEMETRY_MUTATIONS,
  ...HOLD_MUTATIONS,
  ...OVERVIEW_MUTATIONS,
  ...PACKED_MUTATIONS,
  ...PHASE_MUTATIONS,
  ...PLAN_MUTATIONS,
  ...ROLLOUT_MUTATIONS,
  ...SCREEN_MUTATIONS,
  ...STAGED_MUTATIONS,
  ...VERSION_MUTATIONS,
  ...STEP_MUTATIONS,
  ...EVIDENCE_MUTATIONS,
  ...DECISION_MUTATIONS,
  ...FREEZE_MUTATIONS,
];
