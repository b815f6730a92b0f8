import { defined } from '#shared/core/defined.ts';
import type { FailureCode } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { type Verdict, reasonsOf } from '#shared/core/verdict.ts';
import { explainVerdict } from '#shared/trust/explain.ts';
import type { Answer } from './ask.ts';
import { type Announced, nameOf } from './bind.ts';
import { type Decision, type Facts, admit, refuse } from './decision.ts';

interface Asked {
  readonly announced: Announced;
  readonly policy: TrustPolicy;
}

/**
 * What a denial says of a failure, by its code: never the failure's own text, which can differ from one attempt to
 * the next, and repeat what a registry wrote. That is in the log.
 */
const FAILURES: Partial<Record<FailureCode, string>> = {
  'registry-unavailable': 'its registry cannot be asked',
  'deadline-exceeded': 'its registry cannot be asked',
  'registry-misbehaved': 'its registry gives answers that contradict themselves',
  'registry-denied': "its registry denies Countersign's identity the right to read it",
  'registry-not-allowed': 'its registry is not one that Countersign may ask',
  'key-unavailable': 'a key of its trust policy cannot be had',
  'trust-root-unavailable': 'the trusted root of its trust policy cannot be had',
};

/** The decision that an answer leads to; its text says the same whenever the answer is the same. */
export function conclude(answer: Answer, asked: Asked): Decision {
  const facts = factsOf(answer, asked);
  const name = nameOf(asked.announced);
  switch (answer.status) {
    case 'known':
      return {
        ...concludeVerdict(answer.verdict, asked, facts),
        ...defined({ remembered: answer.remembered }),
      };
    case 'stale': {
      const warning = `${name} was verified earlier, and cannot be checked now (${answer.failure})`;
      return admit('verified-earlier', { ...facts, failure: answer.failure }, [warning]);
    }
    case 'overloaded':
      return refuse(
        'overloaded',
        `Countersign is overloaded: ${name} is checked at the next attempt`,
        facts,
      );
    case 'late':
      return refuseUnchecked('registry-unavailable', name, facts);
    case 'failed':
      return refuseUnchecked(answer.failure.code, name, facts);
  }
}

function concludeVerdict(verdict: Verdict, { announced, policy }: Asked, facts: Facts): Decision {
  const name = nameOf(announced);
  switch (verdict.status) {
    case 'verified':
      return verdict.allowedUnsigned === true
        ? admit('verified', { ...facts, unsigned: 'true' }, [
            `${name} is not signed, and policy "${policy.name}" allows that`,
          ])
        : admit('verified', facts);
    case 'unsigned': {
      const names = policy.authorities.map(({ name: authority }) => authority).join(' or ');
      // The words of the sample webhook, which people and their scripts look for.
      return refuse(
        'unsigned',
        `Image validation failed: no signatures found for ${name}: sign it with cosign as ${names}`,
        facts,
      );
    }
    case 'incomplete':
    case 'untrusted':
    case 'unusable': {
      const reasons = reasonsOf(verdict).join(', ');
      const why = explainVerdict(verdict, policy);
      return refuse(verdict.status, `Image validation failed: ${name} (${reasons}): ${why}`, facts);
    }
  }
}

function refuseUnchecked(code: FailureCode, name: string, facts: Facts): Decision {
  const why = FAILURES[code] ?? 'see the log of Countersign';
  // One code for every late answer of a registry, so that the text does not change between attempts.
  const failure = code === 'deadline-exceeded' ? 'registry-unavailable' : code;
  return refuse('unchecked', `${name} could not be checked (${failure}): ${why}`, {
    ...facts,
    failure,
  });
}

function factsOf(answer: Answer, { announced, policy }: Asked): Facts {
  const { reference } = announced;
  const named = announced.type === 'image' ? announced.digest : undefined;
  const digest = 'digest' in answer ? (answer.digest ?? named) : named;
  const { repository, tag } = reference;
  const image = announced.type === 'chart' ? `${repository}:${tag}` : repository;
  const shared = defined({ image, digest, policy: policy.name });
  if (answer.status !== 'known' && answer.status !== 'stale')
    return { ...shared, verdict: 'unchecked' };
  const { verdict } = answer;
  const reasons = reasonsOf(verdict).join(' ');
  const authorities = verdict.status === 'verified' ? verdict.authorities.join(' ') : '';
  return defined({
    ...shared,
    verdict: verdict.status,
    reasons: reasons === '' ? undefined : reasons,
    authorities: authorities === '' ? undefined : authorities,
  });
}
