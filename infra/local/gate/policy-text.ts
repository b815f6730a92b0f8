import { parseAllDocuments } from 'yaml';
import * as z from 'zod';

const policySchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicy'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
    validations: z.array(
      z.object({
        expression: z.string(),
        message: z.string(),
        messageExpression: z.string().optional(),
        reason: z.string(),
      }),
    ),
  }),
});
const bindingSchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicyBinding'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({ validationActions: z.array(z.string()) }),
});

export type Validation = z.infer<typeof policySchema>['spec']['validations'][number];

/** A policy and its binding, as far as they are evaluated here. */
export interface PolicyText extends z.infer<typeof policySchema> {
  readonly binding: z.infer<typeof bindingSchema>;
}

/** Reads what `renderGate` gives. */
export function readPolicy(yaml: string): PolicyText {
  const [policy, binding] = parseAllDocuments(yaml).map((one) => one.toJS() as unknown);
  return { ...policySchema.parse(policy), binding: bindingSchema.parse(binding) };
}
