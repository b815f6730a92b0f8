import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { judgeResolution } from '#shared/reconcile/judge-rsync.ts';
import { explainCandidate, explainVerdict, mendingCommand } from '#shared/trust/explain.ts';
import { limit } from '../limit.ts';
import { type ExitCode, print } from '../terminal.ts';
import type { Given, VerbDeps } from '../verb.ts';
import type { ImageJudge } from './image-judge.ts';

interface Asked extends Given {
  readonly image: string;
  /** In milliseconds. */
  readonly timeout: number;
}

/** The verdict by the config file, without the API; 0 where the image is verified. */
export async function verifyImage(
  { image, timeout, json }: Asked,
  { terminal, open }: Pick<VerbDeps, 'terminal'> & { readonly open: () => Promise<ImageJudge> },
): Promise<ExitCode> {
  const report = await limit(timeout, 'No verdict', () => judgeImage(image, open));
  print(terminal, json, report, format(report));
  return report.verdict.status === 'verified' ? 0 : 1;
}

type Report = Awaited<ReturnType<typeof judgeImage>>;

async function judgeImage(image: string, open: () => Promise<ImageJudge>) {
  const reference = parseReference(image);
  const { repository } = reference;
  const judge = await open();
  const policy = judge.policyOf(repository);
  if (policy === undefined) {
    const message = `No entry of "images" in the config names ${repository}: add one`;
    throw new CountersignError('bad-request', message);
  }
  const resolution = await judge.resolve(reference);
  const verdict = await judgeResolution({ reference, resolution, policy }, { fresh: true }, judge);
  const { digest, index } = { digest: undefined, index: undefined, ...resolution.image };
  return {
    image: formatReference(reference),
    policy: policy.name,
    ...defined({ digest, index }),
    message: explainVerdict(verdict, policy),
    reasons: reasonsOf(verdict),
    /** The command that would mend it, where a signature would. */
    fix: digest && mendingCommand(verdict, policy, `${repository}@${index ?? digest}`),
    verdict,
  };
}

function format({ image, digest, index, message, fix, verdict }: Report): readonly string[] {
  const candidates = 'candidates' in verdict ? (verdict.candidates ?? []) : [];
  return [
    message,
    `  image ${image}`,
    ...(digest === undefined ? [] : [`  digest ${digest}`]),
    ...(index === undefined ? [] : [`  in index ${index}`]),
    ...candidates.map((outcome) => `  ${explainCandidate(outcome)}`),
    ...(fix === undefined ? [] : [`  to mend it: ${fix}`]),
  ];
}
