import { APPROVED, BREAK_GLASS, RECEIPT } from '#shared/core/annotations.ts';
import { IMAGE_TO_SYNC } from '#shared/core/image-to-sync.ts';
import { celList, celString, checkLength } from './cel.ts';
import type { GateInput } from './gate-input.ts';
import { leashVariables } from './leash.ts';
import { namedScope, pinnedScope, type Variable } from './scope.ts';
import {
  annotationVariables,
  imageVariables,
  repositoryVariables,
  sourceVariables,
} from './variables.ts';

/** Of the policy and its binding: Config Sync's errors quote it. */
export const GATE_NAME = 'countersign-gate';

const PREFIX = 'countersign.dev/';
const KEYS = [APPROVED, RECEIPT, BREAK_GLASS];

/** The rules' names, in the order in which the first refusal is reported. They are stable: tests remove them by name. */
export const RULE_NAMES = [
  'approved',
  'receipt',
  'break-glass',
  'other-keys',
  'leash',
  'announcement',
] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** One validation of the policy: a write passes where `expression`, in CEL, is true. */
export interface Rule {
  readonly name: RuleName;
  readonly expression: string;
  /** Shown when `messageExpression` cannot be: where a tenant's text has a line break. */
  readonly message: string;
  readonly messageExpression?: string;
}

/** The policy's `spec`, with identities and scope as literals; `rules` are the input's own but in tests. */
export function gatePolicy(input: GateInput, rules: readonly Rule[] = gateRules(input)): object {
  const named = namedScope(input.images);
  const pinned = pinnedScope(input.images);
  const open = input.unmatched === 'ignore';
  const needsRepository = open || pinned.expression !== 'false';
  const variables: Variable[] = [
    ...annotationVariables,
    ...sourceVariables,
    ...imageVariables,
    ...(needsRepository ? repositoryVariables : []),
    ...(open ? named.variables : []),
    { name: 'inScope', expression: open ? openScope(named.expression) : 'true' },
    judged,
    stray,
    ...pinned.variables,
    ...leashVariables(pinned.expression),
  ];
  return {
    failurePolicy: 'Fail',
    matchConstraints: {
      // An API server that serves other versions finds the same object behind them.
      matchPolicy: 'Equivalent',
      resourceRules: [
        {
          apiGroups: ['configsync.gke.io'],
          apiVersions: ['*'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['rootsyncs', 'reposyncs'],
        },
      ],
    },
    matchConditions: [
      {
        // An object on its way out must not be held back by its own annotations. The old object's, for a client
        // can write anything into the new one.
        name: 'not-being-deleted',
        expression: 'oldObject == null || !has(oldObject.metadata.deletionTimestamp)',
      },
    ],
    variables: variables.map(({ name, expression }) => ({
      name,
      expression: checkLength(expression, 'images'),
    })),
    validations: rules.map(toValidation),
  };
}

/** What is not spelled plainly may be anything, and is judged: see plain-reference.ts. */
function openScope(named: string): string {
  return `variables.reference != "" && (!variables.plain || ${named})`;
}

/**
 * The own reconciler's writes where there is an approval, unchanged ones too (a withdrawn digest arrives unchanged);
 * everybody's changes.
 */
const judged: Variable = {
  name: 'judged',
  expression: `variables.inScope && ${celString(IMAGE_TO_SYNC)} in variables.annotations
&& (${touched(IMAGE_TO_SYNC)} || request.userInfo.username == variables.reconciler && ${celString(APPROVED)} in variables.annotations)`,
};

/** Keys under our prefix that are nobody's, and are added, changed or removed. */
const stray: Variable = {
  name: 'stray',
  expression: `variables.annotations.filter(key, ${isStray('key')} && variables.annotations[?key] != variables.oldAnnotations[?key])
+ variables.oldAnnotations.filter(key, ${isStray('key')} && !(key in variables.annotations))`,
};

/** The rules of the gate for a config, in the order of `RULE_NAMES`. */
export function gateRules({ identity, breakGlass }: GateInput): readonly Rule[] {
  const isOurs = `request.userInfo.username == ${celString(identity)}`;
  const mayBreak = `request.userInfo.username in ${celList(breakGlass)}`;
  const ownKey = (name: RuleName, key: string): Rule => ({
    name,
    expression: `!(${touched(key)}) || ${isOurs}`,
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
      message: `nobody may change other annotations under ${PREFIX}; use another prefix`,
      messageExpression: `"nobody may change " + variables.stray.min() + "; use another prefix than ${PREFIX}"`,
    },
    {
      name: 'leash',
      expression: `!(${isOurs}) || variables.leashed`,
      message: `${identity} may change only ${APPROVED}, ${RECEIPT}, ${IMAGE_TO_SYNC}, and under effect pin the digest or version of the same repository`,
    },
    {
      name: 'announcement',
      expression: '!variables.judged || variables.passes',
      message: `the announced image is not approved; sign it, or ask Countersign why with GET /v1/explain`,
      messageExpression: `variables.latest
? "chart version latest cannot be approved for " + variables.place + "; set spec.helm.version to one exact version"
: variables.shown + " is not approved for " + variables.place + "; sign it, or ask Countersign why with GET /v1/explain"`,
    },
  ];
}

function toValidation({ expression, message, messageExpression }: Rule): object {
  const text = messageExpression === undefined ? { message } : { message, messageExpression };
  return { expression, ...text, reason: 'Invalid' };
}

/** Whether the key is added, changed or removed by this write. */
function touched(key: string): string {
  const literal = celString(key);
  return `variables.annotations[?${literal}] != variables.oldAnnotations[?${literal}]`;
}

function isStray(key: string): string {
  return `${key}.startsWith(${celString(PREFIX)}) && !(${key} in ${celList(KEYS)})`;
}
