import { APPROVED, BREAK_GLASS, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { celList, celString, checkLength } from './cel.ts';
import type { GateInput } from './gate-input.ts';
import { MAX_ANNOTATIONS, OWN_PREFIX, touched } from './variables.ts';

/** The rules' names, in the order in which the first refusal is reported. They are stable: tests remove them by name. */
export const RULE_NAMES = [
  'too-many-annotations',
  'approved',
  'receipt',
  'break-glass',
  'other-keys',
  'leash',
  'other-source',
  'no-announcement',
  'announcement',
] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** One validation of the policy: a write passes where `expression`, in CEL, is true. */
export interface Rule {
  readonly name: RuleName;
  readonly expression: string;
  /** Shown when `messageExpression` cannot be evaluated. */
  readonly message: string;
  readonly messageExpression?: string;
}

/**
 * The rules of the gate for a config, in the order of `RULE_NAMES`; under `otherSources: ignore` without the two that
 * are about sources which announce nothing.
 */
export function gateRules(input: GateInput): readonly Rule[] {
  return [
    tooManyAnnotations(input),
    ...keyRules(input),
    leash(input),
    ...(input.otherSources === 'deny' ? silentSources : []),
    announcement,
  ];
}

/**
 * Comparing annotations one by one takes an API server time that grows with the square of their number, so the number
 * is bounded first. What is over it cannot sync; Countersign may still withdraw, people may write what leaves the
 * annotations as they are, and an object that is being deleted can be finalized.
 */
function tooManyAnnotations({ identity }: GateInput): Rule {
  return {
    name: 'too-many-annotations',
    expression: [
      '!variables.crowded',
      isUser(identity),
      'variables.finalizing',
      '!variables.own && variables.sameAnnotations',
    ].join(' || '),
    message: `an RSync may have at most ${MAX_ANNOTATIONS} annotations; remove the others in one write`,
    messageExpression: `variables.place + " may have at most ${MAX_ANNOTATIONS} annotations; remove the others in one write"`,
  };
}

/** Who may add, change or remove what under `countersign.dev/`, whether the object is being deleted or not. */
function keyRules({ identity, breakGlass }: GateInput): readonly Rule[] {
  const mayBreak = `request.userInfo.username in ${celList(breakGlass)}`;
  const ownKey = (name: RuleName, key: string): Rule => ({
    name,
    expression: `!(${touched(key)}) || ${isUser(identity)}`,
    message: `only ${identity} may change ${key}; ask Countersign to verify the image`,
  });
  return [
    ownKey('approved', APPROVED),
    ownKey('receipt', RECEIPT),
    {
      name: 'break-glass',
      expression: checkLength(`!(${touched(BREAK_GLASS)}) || ${mayBreak}`, 'gate.breakGlass'),
      message: `only the users of gate.breakGlass may change ${BREAK_GLASS}; ask one of them`,
    },
    {
      name: 'other-keys',
      expression: 'size(variables.stray) == 0',
      message: `no user may change other annotations under ${OWN_PREFIX}; use another prefix`,
      messageExpression: `"no user may change " + variables.stray.min() + "; use another prefix than ${OWN_PREFIX}"`,
    },
  ];
}

function leash({ identity }: GateInput): Rule {
  return {
    name: 'leash',
    expression: `!(${isUser(identity)}) || variables.leashed`,
    message: `${identity} may change only ${APPROVED}, ${RECEIPT}, ${IMAGE_TO_SYNC}, and under effect pin the digest or version of the same repository`,
  };
}

/**
 * git, and Helm over http: Config Sync announces nothing, but at each attempt it sends a patch that removes the
 * announcement, and does not go on where that is refused (Config Sync's `pkg/parse/run.go`). That patch is what is
 * refused; so is the same patch under a spec that names an image, for it comes from a pod of an earlier spec.
 */
const silentSources: readonly Rule[] = [
  {
    name: 'other-source',
    expression: '!variables.silentJudged || variables.silentPasses',
    message: `the source announces nothing that Countersign can verify; use an image or a chart of an OCI registry, or ask an operator for otherSources: ignore`,
    messageExpression: `"the source of " + variables.place + (variables.sourceType == "helm" ? " (a chart that is not of an OCI registry)" : " (git)")
+ " announces nothing that Countersign can verify; use an image or a chart of an OCI registry, or ask an operator for otherSources: ignore"`,
  },
  {
    name: 'no-announcement',
    expression: `!(variables.own && oldObject != null && variables.kind != "other")
|| ${celString(IMAGE_TO_SYNC)} in variables.annotations || !variables.finalizersKept`,
    message: `the spec names an image that its reconciler does not announce; it does once it runs the present spec`,
    messageExpression: `"the spec of " + variables.place + " names an image that its reconciler does not announce; it does once it runs the present spec"`,
  },
];

/** Everything that is announced is approved, and the text of a refusal says what helps. */
const announcement: Rule = {
  name: 'announcement',
  expression: '!variables.judged || variables.passes',
  message:
    'the announced image is not approved; sign it, or ask Countersign why with GET /v1/explain',
  messageExpression: `variables.latest
? "chart version latest cannot be approved for " + variables.place + "; set spec.helm.version to one exact version"
: variables.shown + " is not approved for " + variables.place + (
variables.kind == "other" ? ": the source announces no image; remove ${IMAGE_TO_SYNC}"
: variables.unsettled ? ": it is announced while the spec changes; Config Sync announces it again"
: !variables.plain ? ": its reference cannot be read; write it as HOST/PATH in lower case"
: !variables.named ? ": no entry of images names it; ask an operator to add one"
: variables.kind == "chart" && !variables.exact ? ": spec.helm.version is not one exact version; set it to one"
: !variables.bound ? ": the spec names another source; Config Sync announces it again"
: "; sign it, or ask Countersign why with GET /v1/explain")`,
};

function isUser(name: string): string {
  return `request.userInfo.username == ${celString(name)}`;
}
