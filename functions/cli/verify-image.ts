import { cleanLine, escapeJson } from '#shared/core/foreign-text.ts';
import { parseArgs } from 'node:util';
import { defined } from '#shared/core/defined.ts';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { formatReference, parseReference, type Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import { reasonsOf, type Verdict } from '#shared/core/verdict.ts';
import { explainCandidate, explainVerdict, mendingCommand } from '#shared/trust/explain.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { type CommandIo, type ExitCode, runCommand } from './run-command.ts';

/** What the config says, opened. */
export interface ImageJudge {
  /** The policy of the first `images` entry that names the repository. */
  policyOf(repository: string): TrustPolicy | undefined;
  resolve(reference: Reference): Promise<Resolution>;
  readonly verifier: Verifier;
}

export interface VerifyDeps extends CommandIo {
  /** Reads the config at the path, or at its usual place. Throws `bad-config`. */
  readonly open: (configPath: string | undefined) => Promise<ImageJudge>;
}

const USAGE = 'Usage: npm run verify -- IMAGE [--config FILE] [--json]\n';

interface Command {
  readonly image: string;
  readonly config: string | undefined;
  readonly json: boolean;
}

/** The command `npm run verify`: the verdict on standard output, why there is none on standard error. */
export function verifyImage(args: string[], deps: VerifyDeps): Promise<ExitCode> {
  return runCommand(
    {
      command: readCommand(args),
      usage: USAGE,
      late: 'No verdict',
      work: (command) => judgeImage(command, deps),
      show(report, { json }) {
        deps.out(json ? `${escapeJson(JSON.stringify(report, null, 2))}\n` : format(report));
        return report.verdict.status === 'verified' ? 0 : 1;
      },
    },
    deps,
  );
}

function readCommand(args: string[]): Command | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const [image, ...more] = positionals;
    if (image === undefined || more.length > 0) return undefined;
    return { image, config: values.config, json: values.json };
  } catch {
    return undefined;
  }
}

interface Report {
  readonly image: string;
  readonly digest?: Digest;
  readonly index?: Digest;
  readonly policy: string;
  readonly message: string;
  readonly reasons: readonly string[];
  /** The command that would mend it, where a signature would. */
  readonly fix?: string;
  readonly verdict: Verdict;
}

async function judgeImage({ image, config }: Command, deps: VerifyDeps): Promise<Report> {
  const reference = parseReference(image);
  const judge = await deps.open(config);
  const policy = judge.policyOf(reference.repository);
  if (policy === undefined) throw unnamed(reference);
  const { image: found } = await judge.resolve(reference);
  const named = { image: formatReference(reference), policy: policy.name };
  if (found.status === 'unusable') return reportOn(found, policy, named);
  const { digest, index } = found;
  const { repository } = reference;
  const where = { digest, ...defined({ index }) };
  const verdict = await judge.verifier.verify({ repository, ...where }, policy);
  return reportOn(verdict, policy, { ...named, ...where });
}

function unnamed({ repository }: Reference): CountersignError {
  const message = `No entry of "images" in the config names ${repository}: add one`;
  return new CountersignError('bad-request', message);
}

function reportOn(
  verdict: Verdict,
  policy: TrustPolicy,
  named: Pick<Report, 'image' | 'policy' | 'digest' | 'index'>,
): Report {
  const message = explainVerdict(verdict, policy);
  const { repository } = parseReference(named.image);
  const fix =
    named.digest === undefined
      ? undefined
      : mendingCommand(verdict, policy, `${repository}@${named.index ?? named.digest}`);
  const reasons = reasonsOf(verdict);
  return { ...named, message, reasons, ...defined({ fix }), verdict };
}

function format({ image, digest, index, message, fix, verdict }: Report): string {
  const candidates = 'candidates' in verdict ? verdict.candidates : [];
  const lines = [
    message,
    `  image ${image}`,
    ...(digest === undefined ? [] : [`  digest ${digest}`]),
    ...(index === undefined ? [] : [`  in index ${index}`]),
    ...candidates.map((outcome) => `  ${explainCandidate(outcome)}`),
    ...(fix === undefined ? [] : [`  to mend it: ${fix}`]),
  ];
  return `${lines.map(cleanLine).join('\n')}\n`;
}
