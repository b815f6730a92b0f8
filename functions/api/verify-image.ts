import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { mendingCommand } from '#shared/trust/explain.ts';
import type { ApiDeps } from './deps.ts';
import { judgeImage } from './judge-image.ts';
import type { VerifyAnswer } from './schema/verify.ts';

/**
 * What an image is under the policy that the config has for it, with what became of every candidate. Only images of
 * the config: this is no way to make us call any host. Throws `bad-request`, and where it could not be found out.
 */
export async function verifyImage(
  image: string,
  deps: Pick<ApiDeps, 'rules' | 'resolver' | 'verifier' | 'policies'>,
): Promise<VerifyAnswer> {
  const reference = parseReference(image);
  const rule = deps.rules.match(reference.repository);
  if (rule === undefined) {
    const message = `json.image: no entry of "images" in the config names ${reference.repository}`;
    throw new CountersignError('bad-request', message);
  }
  const { policy, resolution, verdict, message } = await judgeImage(reference, rule, deps);
  const found = resolution.image;
  const fix =
    found.status === 'resolved'
      ? mendingCommand(verdict, policy, `${reference.repository}@${found.index ?? found.digest}`)
      : undefined;
  return {
    image: formatReference(reference),
    ...(found.status === 'resolved' ? { digest: found.digest } : {}),
    ...(found.status === 'resolved' && found.index !== undefined ? { index: found.index } : {}),
    policy: policy.name,
    verdict: verdict.status,
    authorities: verdict.status === 'verified' ? [...verdict.authorities] : [],
    reasons: [...reasonsOf(verdict)],
    candidates:
      'candidates' in verdict ? (verdict.candidates ?? []).map((outcome) => ({ ...outcome })) : [],
    message,
    ...(fix === undefined ? {} : { fix }),
  };
}
