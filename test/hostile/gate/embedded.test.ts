import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { evaluatePolicy } from '#infra/local/gate-evaluation.ts';
import type { Admit } from '#infra/local/kube/request.ts';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import type { SendKube } from '#infra/local/real/kube-request.ts';
import { createSendInside } from '#test/fixtures/send-inside.ts';
import { ATTACKS, namespacesOf } from './attacks.ts';
import { outcomeOf, runAttack, SETUP_USER } from './run-attack.ts';
import { type Trial, WEAKENED, WHOLE } from './table.ts';
import { nameOf, type Variant, variantPolicy } from './variant.ts';

const gates = new Map<string, Admit>();

let kube: Kube;
let send: SendKube;
let admit: Admit | undefined;

beforeAll(async () => {
  const judge: Admit = (request) => (request.user === SETUP_USER ? undefined : admit?.(request));
  kube = await startKube({ name: 'attacked', admit: [judge] });
  send = createSendInside(kube);
  for (const name of namespacesOf(ATTACKS)) {
    kube.store.put('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
});
afterAll(() => kube?.close());

function guard(variant: Variant): void {
  const name = nameOf(variant);
  const known = gates.get(name) ?? evaluatePolicy(toYaml(variant));
  gates.set(name, known);
  admit = known;
}

function toYaml(variant: Variant): string {
  const common = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    metadata: { name: 'countersign-gate' },
  };
  const kind = 'ValidatingAdmissionPolicy';
  const bound = { policyName: 'countersign-gate', validationActions: ['Deny'] };
  return [
    { ...common, kind, spec: variantPolicy(variant) },
    { ...common, kind: `${kind}Binding`, spec: bound },
  ]
    .map((document) => stringify(document))
    .join('---\n');
}

async function tryOut({ attack, variant }: Trial): Promise<unknown> {
  guard(variant);
  return outcomeOf(attack, await runAttack(attack, send));
}

/**
 * What it costs to judge a large object is a question to a real API server, which has a budget. `e2e/gate-attacks` asks
 * it, and whether each row is admitted without its rules.
 */
const embedded = ({ attack: { only, steps } }: Trial): boolean =>
  only === undefined && steps.some(({ expect: must }) => must !== 'answered');

describe('the embedded gate', () => {
  it.each(WHOLE.filter(embedded))('$name', async (trial) => {
    expect(await tryOut(trial)).toEqual('hold');
  });
});
describe('the embedded gate, weaker in one condition, admits a row', () => {
  it.each(WEAKENED.filter(embedded))('$name', async (trial) => {
    expect(await tryOut(trial)).toEqual('let through');
  });
});
