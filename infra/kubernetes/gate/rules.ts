import {
  APPROVED,
  BREAK_GLASS,
  HOLD,
  IMAGE_TO_SYNC,
  MAX_HOLD,
  RECEIPT,
} from '#shared/core/annotations.ts';
import { celList, celString, checkLength } from './cel.ts';
import type { GateInput } from './gate-input.ts';
import type { Variables } from './scope.ts';
import { MAX_ANNOTATIONS, OWN_PREFIX, touched } from './variables.ts';

/** The rules' names, in the order in which the first refusal is reported. They are stable: tests remove them by name. */
export const RULE_NAMES = [
  'too-many-annotations',
  'approved',
  'receipt',
  'break-glass',
  'hold',
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
  const bound = `may have at most ${MAX_ANNOTATIONS} annotations; remove the others in one write`;
  return {
    name: 'too-many-annotations',
    expression: [
      '!variables.crowded',
      isUser(identity),
      'variables.finalizing',
      '!variables.own && variables.sameAnnotations',
    ].join(' || '),
    message: `an RSync ${bound}`,
    messageExpression: `variables.place + " ${bound}"`,
  };
}

/** Who may add, change or remove what under `countersign.dev/`, whether the object is being deleted or not. */
function keyRules({ identity, breakGlass, mayHold }: GateInput): readonly Rule[] {
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
    hold(mayHold === 'anyone' ? undefined : identity),
    {
      name: 'other-keys',
      expression: 'size(variables.stray) == 0',
      message: `no user may change other annotations under ${OWN_PREFIX}; use another prefix`,
      messageExpression: `"no user may change " + variables.stray.min() + "; use another prefix than ${OWN_PREFIX}"`,
    },
  ];
}

/**
 * Who may set, change or lift a hold; undefined: every user who may write the RSync. Removing one that is too long, of
 * before the gate, passes.
 */
function hold(identity: string | undefined): Rule {
  const bound = `!(${touched(HOLD)}) || size(variables.hold) <= ${MAX_HOLD}`;
  if (identity === undefined) {
    const message = `${HOLD} may have at most ${MAX_HOLD} characters; write a shorter reason`;
    return { name: 'hold', expression: bound, message };
  }
  return {
    name: 'hold',
    expression: `${bound} && ${isUser(identity)}`,
    message: `only ${identity} may change ${HOLD}, to at most ${MAX_HOLD} characters; ask an operator, who can allow it by gate.mayHold`,
  };
}

function leash({ identity }: GateInput): Rule {
  return {
    name: 'leash',
    expression: `!(${isUser(identity)}) || variables.leashed`,
    message: `${identity} may change only ${APPROVED}, ${RECEIPT}, ${HOLD}, ${IMAGE_TO_SYNC}, and under effect pin the digest or version of the same repository`,
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

/** The longest reference that is read, with a digest. */
const MAX_PINNED = 1024 + 72;
const OWN_KEYS = celList([APPROVED, RECEIPT, HOLD, IMAGE_TO_SYNC]);

/**
 * That everything but our own annotations and `spec` is as it was. Of an object with more annotations than can be
 * compared one by one, their number has to stay, so that a withdrawal passes.
 */
const metadataKept = [
  'oldObject != null && variables.finalizersKept',
  'object.metadata.?labels.orValue({}) == oldObject.metadata.?labels.orValue({})',
  'object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([])',
  `(variables.sameAnnotations || (variables.crowded || variables.oldCrowded ? variables.others == variables.oldOthers
: ${sameBut(OWN_KEYS, 'variables.annotations', 'variables.oldAnnotations')}))`,
].join('\n&& ');

/** That `spec` is as it was, except for one field in each of two places, judged below. */
const specKept = [
  sameBut('["oci", "helm"]', 'variables.spec', 'variables.oldSpec'),
  sameBut('["image"]', 'variables.spec.?oci.orValue({})', 'variables.oldSpec.?oci.orValue({})'),
  sameBut('["version"]', 'variables.spec.?helm.orValue({})', 'variables.oldSpec.?helm.orValue({})'),
  'has(variables.spec.oci) == has(variables.oldSpec.oci)',
  'has(variables.spec.helm) == has(variables.oldSpec.helm)',
].join('\n&& ');

/** The repository and its tag stay as written; the tag alone may go, for a digest says it all. */
const imagePinned = [
  `size(variables.image) <= ${MAX_PINNED} && variables.image.matches("@sha256:[0-9a-f]{64}$")`,
  'variables.image.substring(0, variables.image.lastIndexOf("@")) in [variables.oldName, variables.oldName.lastIndexOf(":") > variables.oldName.lastIndexOf("/") ? variables.oldName.substring(0, variables.oldName.lastIndexOf(":")) : variables.oldName]',
].join(' && ');

/**
 * What docs/design.md#law-10 is judged by; `pinned` says in CEL whether the config pins the image at all, `freed` whether
 * it takes a digest out again.
 */
export function leashVariables(pinned: string, freed: string): Variables {
  if (pinned === 'false') {
    return { metadataKept, leashed: 'variables.metadataKept && variables.sameSpec' };
  }
  return {
    metadataKept,
    spec: 'object.?spec.orValue({})',
    oldSpec: 'oldObject == null ? {} : oldObject.?spec.orValue({})',
    oldImage: 'variables.oldSpec.?oci.?image.orValue("")',
    oldName: 'variables.oldImage.split("@", 2)[0]',
    oldVersion: 'variables.oldSpec.?helm.?version.orValue("")',
    specKept,
    pinned: `variables.plain && ${pinned}`,
    imagePinned,
    versionPinned: 'variables.oldVersion != "" && variables.exact',
    ...(freed === 'false'
      ? {}
      : { imageFreed: `${freed} && variables.image == variables.oldName` }),
    leashed: `variables.metadataKept && (variables.sameSpec || variables.specKept && variables.pinned
&& (variables.image == variables.oldImage || variables.imagePinned${freed === 'false' ? '' : ' || variables.imageFreed'})
&& (variables.version == variables.oldVersion || variables.versionPinned))`,
  };
}

/** Two maps that agree in every key but `keys`. */
function sameBut(keys: string, map: string, old: string): string {
  return `${map}.all(key, key in ${keys} || ${map}[?key] == ${old}[?key]) && ${old}.all(key, key in ${keys} || key in ${map})`;
}
