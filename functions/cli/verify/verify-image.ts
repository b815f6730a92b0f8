import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import type { NamedVersion } from '#shared/reconcile/name-version.ts';
import { judgeResolution } from '#shared/reconcile/judge-rsync.ts';
import { explainVerdict, mendingCommand } from '#shared/trust/explain.ts';
import { limit } from '../limit.ts';
import { viewVerdict } from '../screens/verdict.ts';
import type { ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';
import type { ImageJudge } from './image-judge.ts';

interface Asked {
  readonly image: string;
  /** In milliseconds. */
  readonly timeout: number;
}

/** The verdict by the config file, without the API; 0 where the image is verified. */
export async function verifyImage(
  { image, timeout }: Asked,
  { terminal, open }: Pick<VerbDeps, 'terminal'> & { readonly open: () => Promise<ImageJudge> },
): Promise<ExitCode> {
  const report = await limit(timeout, 'No verdict', () => judgeImage(image, open));
  const { verdict } = report;
  const candidates = 'candidates' in verdict ? (verdict.candidates ?? []) : [];
  terminal.show(viewVerdict({ ...report, value: report, verdict: verdict.status, candidates }));
  return verdict.status === 'verified' ? 0 : 1;
}

async function judgeImage(image: string, open: () => Promise<ImageJudge>) {
  const written = parseReference(image);
  const { repository } = written;
  const judge = await open();
  const policy = judge.policyOf(repository);
  if (policy === undefined) {
    const message = `No entry of "images" in the config names ${repository}: add one`;
    throw new CountersignError('bad-request', message);
  }
  const asIs = { reference: written, passedOver: [] };
  const { reference, release, passedOver }: NamedVersion = (await judge.name?.(image)) ?? asIs;
  const resolution = await judge.resolve(reference);
  const verdict = await judgeResolution({ reference, resolution, policy }, { fresh: true }, judge);
  const { digest, index } = { digest: undefined, index: undefined, ...resolution.image };
  return {
    image: formatReference(reference),
    policy: policy.name,
    ...defined({ digest, index, version: release?.version }),
    ...(release && { passedOver }),
    message: explainVerdict(verdict, policy),
    reasons: reasonsOf(verdict),
    /** The command that would mend it, where a signature would. */
    fix: digest && mendingCommand(verdict, policy, `${repository}@${index ?? digest}`),
    verdict,
  };
}
