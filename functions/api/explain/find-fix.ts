import type { TrustPolicy } from '#shared/core/policy.ts';
import type { RolloutExplanation } from '#shared/core/rollout/explain.ts';
import { type Fix, fixOfHold } from '#shared/core/rollout/explain-fix.ts';
import { shellWord } from '#shared/core/shell-word.ts';
import type { Look } from '#shared/reconcile/look-at-cluster.ts';
import { mendingCommand } from '#shared/trust/explain.ts';

interface About {
  readonly cluster: string;
  readonly sync: string;
  readonly policy: TrustPolicy | undefined;
  /** What it waits for in a roll-out, or for the end of a freeze. */
  readonly rollout: RolloutExplanation | undefined;
}

/** The command that would help one RSync on; undefined where nothing is to be done, or no command does it. */
export function findFix(look: Look, about: About): Fix | undefined {
  const { failure, decision, followed, row } = look;
  if (failure !== undefined || followed === undefined) return undefined;
  const { cluster, sync, rollout } = about;
  const signing = signIt(look, about.policy);
  if (signing !== undefined) return signing;
  if (row.record.phase === 'Waiting') {
    return rollout?.fix ?? (followed.kept?.why === 'held' ? fixOfHold(cluster, sync) : undefined);
  }
  if (decision?.patch === undefined) return undefined;
  return {
    command: `countersign resync --cluster ${shellWord(cluster)} --sync ${shellWord(sync)}`,
    why: 'Looks at it now, and not at the next sweep',
  };
}

/** How what its tag names, or its spec, would be signed as its policy asks for. */
function signIt({ followed }: Look, policy: TrustPolicy | undefined): Fix | undefined {
  const { resolved, verdict } = followed?.named ?? followed ?? {};
  if (resolved === undefined || verdict === undefined || policy === undefined) return undefined;
  const { image } = resolved.resolution;
  if (image.status === 'unusable') return undefined;
  const { repository } = resolved.reference;
  const command = mendingCommand(verdict, policy, `${repository}@${image.index ?? image.digest}`);
  return command === undefined
    ? undefined
    : { command, why: `Signs it as policy "${policy.name}" asks for` };
}
