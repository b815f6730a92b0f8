import { gatePolicy } from '#infra/kubernetes/gate/render.ts';
import { gateRules, type RuleName } from '#infra/kubernetes/gate/rules.ts';
import * as z from 'zod';
import { GATES, type GateName } from './gates.ts';
import type { Weakening } from './weakenings.ts';

/** The gate of one config: whole, without some of its rules, or with one condition weaker. */
export interface Variant {
  readonly gate: GateName;
  readonly without: readonly RuleName[];
  readonly weakening?: Weakening;
}

const policySchema = z.looseObject({
  matchConditions: z.array(z.looseObject({})).optional(),
  variables: z.array(z.object({ name: z.string(), expression: z.string() })),
  validations: z.array(z.looseObject({})),
});
type Policy = z.infer<typeof policySchema>;

/** A name of letters, dashes and dots: `pin.leash.announcement`. */
export function nameOf({ gate, without, weakening }: Variant): string {
  return [gate, ...without, ...(weakening === undefined ? [] : [weakening.name])].join('.');
}

/** The `spec` of a variant's policy. Throws where the text that a weakening changes is not there, or is there twice. */
export function variantPolicy({ gate, without, weakening }: Variant): Policy {
  const input = GATES[gate];
  const rules = gateRules(input).filter(({ name }) => !without.includes(name));
  const policy = policySchema.parse(gatePolicy(input, rules));
  return weakening === undefined ? policy : weaken(policy, weakening);
}

function weaken(policy: Policy, { name, variable, find, replace }: Weakening): Policy {
  let changed = 0;
  const variables = policy.variables.map((each) => {
    if (each.name !== variable) return each;
    const parts = find === undefined ? ['', ''] : each.expression.split(find);
    changed += parts.length - 1;
    return { ...each, expression: parts.join(replace) };
  });
  if (changed !== 1) throw new Error(`Weakening ${name} changes ${changed} places of ${variable}`);
  return { ...policy, variables };
}
