import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { gatePolicy, type GateMode, renderGate } from '#infra/kubernetes/gate/render.ts';
import { gateRules, RULE_NAMES } from '#infra/kubernetes/gate/rules.ts';
import { pinnedScope } from '#infra/kubernetes/gate/scope.ts';

const INPUT: GateInput = {
  identity: 'countersign@acme.iam.gserviceaccount.com',
  breakGlass: ['oncall@acme.example'],
  mayHold: 'countersign',
  images: [{ match: 'us-docker.pkg.dev/acme/configs/**', effect: 'gate' }],
  unmatched: 'ignore',
  otherSources: 'deny',
};

const policySchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicy'),
  spec: z.object({
    failurePolicy: z.string(),
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
    validations: z.array(
      z.object({ expression: z.string(), message: z.string(), reason: z.string() }),
    ),
  }),
});
const bindingSchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicyBinding'),
  spec: z.object({ policyName: z.string(), validationActions: z.array(z.string()) }),
});

function render(change: Partial<GateInput> = {}, mode: GateMode = 'deny') {
  const [policy, binding] = parseAllDocuments(renderGate({ ...INPUT, ...change }, mode));
  return {
    policy: policySchema.parse(policy?.toJS()).spec,
    binding: bindingSchema.parse(binding?.toJS()).spec,
  };
}

const rules = (...kinds: ('gate' | 'pin')[]): GateInput['images'] =>
  kinds.map((effect, index) => ({ match: `a.b/${'c'.repeat(index + 1)}`, effect }));

describe('renderGate()', () => {
  it('gives the same text for the same input', () => {
    expect(renderGate(INPUT, 'deny')).toBe(renderGate({ ...INPUT }, 'deny'));
  });

  it.each([
    ['deny', ['Deny']],
    ['warn', ['Warn', 'Audit']],
  ] as const)('binds %s as %j', (mode, validationActions) => {
    expect(render({}, mode).binding).toEqual({ policyName: 'countersign-gate', validationActions });
  });

  it('fails closed, and denies as Config Sync shows best', () => {
    const { policy } = render();
    expect(policy.failurePolicy).toBe('Fail');
    expect(new Set(policy.validations.map(({ reason }) => reason))).toEqual(new Set(['Invalid']));
    for (const { message } of policy.validations) expect(message).not.toMatch(/\n/);
  });

  it('judges everything under deny, whatever its name', () => {
    const { variables } = render({ unmatched: 'deny' }).policy;
    expect(variables.find(({ name }) => name === 'inScope')?.expression).toBe('true');
  });

  it('compares spec as a whole where nothing is pinned', () => {
    const leash = (images: GateInput['images']) =>
      render({ images }).policy.variables.find(({ name }) => name === 'leashed')?.expression;
    expect(leash(rules('gate'))).toBe('variables.metadataKept && variables.sameSpec');
    expect(leash(rules('pin'))).toContain('variables.imagePinned');
  });

  it('takes a digest out again only where a way back pins', () => {
    const back = { match: 'a.b/c', effect: 'gate', rollback: 'pin' } as const;
    const texts = (images: GateInput['images']) => renderGate({ ...INPUT, images }, 'deny');
    expect(texts([back])).toContain('imageFreed');
    expect(texts(rules('pin', 'gate'))).not.toMatch(/freed/i);
    expect(texts([{ match: 'a.b/c', effect: 'gate', rollback: 'manual' }])).toBe(
      texts([{ match: 'a.b/c', effect: 'gate' }]),
    );
  });

  it('names each variable once, and only after those that it needs', () => {
    const back = { match: 'a.b/x', effect: 'gate', rollback: 'pin' } as const;
    const images = [back, ...rules('pin', 'gate', 'pin'), back];
    const { variables } = render({ images }).policy;
    const known = new Set<string>();
    for (const { name, expression } of variables) {
      for (const [, used = ''] of expression.matchAll(/variables\.(\w+)/g)) {
        expect(known, `${name} uses ${used}`).toContain(used);
      }
      expect(known).not.toContain(name);
      known.add(name);
    }
  });

  it('splits the largest config into expressions that an API server takes', () => {
    const images = Array.from({ length: 1_000 }, (_, index) => ({
      match: `us-docker.pkg.dev/acme/configs/${'team'.repeat(20)}-${index}/**`,
      effect: 'gate' as const,
    }));
    const { variables } = render({ images }).policy;
    expect(variables.filter(({ name }) => /^named\d+$/.test(name)).length).toBeGreaterThan(1);
    for (const { expression } of variables) expect(expression.length).toBeLessThan(40_000);
  });

  it.each([
    [
      'images',
      {
        images: Array.from({ length: 1_000 }, (_, index) => ({
          match: `a.b/${'c'.repeat(400)}${index}`,
          effect: 'gate' as const,
        })),
      },
    ],
    [
      'gate.breakGlass',
      { breakGlass: Array.from({ length: 1_000 }, (_, i) => `${'x'.repeat(100)}${i}@a.example`) },
    ],
  ])('refuses more %s than an API server takes', (field, change) => {
    expect(() => render(change)).toThrow(expect.objectContaining({ code: 'bad-config' }));
    expect(() => render(change)).toThrow(field);
  });
});

describe('gateRules()', () => {
  it('has every rule once, in the order of its names', () => {
    expect(gateRules(INPUT).map(({ name }) => name)).toEqual(RULE_NAMES);
  });

  it('has none about sources that announce nothing under otherSources: ignore', () => {
    const names = gateRules({ ...INPUT, otherSources: 'ignore' }).map(({ name }) => name);
    const silent = ['other-source', 'no-announcement'];
    expect(names).toEqual(RULE_NAMES.filter((name) => !silent.includes(name)));
  });

  it('can be left out of a policy one by one', () => {
    const kept = gateRules(INPUT).filter(({ name }) => name !== 'leash');
    const { validations } = policySchema.shape.spec.parse(gatePolicy(INPUT, kept));
    expect(validations.map(({ expression }) => expression)).toEqual(
      kept.map(({ expression }) => expression),
    );
  });
});

describe('pinnedScope()', () => {
  it('refuses more changes of effect than CEL can nest', () => {
    const mixed = (count: number) =>
      rules(...Array.from({ length: count }, (_, i) => (i % 2 ? 'gate' : 'pin')));
    expect(pinnedScope(mixed(50)).expression).toContain('variables.pin');
    expect(() => pinnedScope(mixed(51))).toThrow(expect.objectContaining({ code: 'bad-config' }));
  });

  it.each([
    [[], 'false'],
    [['gate'], 'false'],
    [['pin', 'pin', 'gate'], '(variables.pin1)'],
    [['gate', 'pin'], '!(variables.gate2) && (variables.pin1)'],
    [
      ['pin', 'gate', 'gate', 'pin'],
      '((variables.pin3) || !(variables.gate2) && (variables.pin1))',
    ],
  ] as const)('holds where the first match of %j pins: %s', (kinds, expression) => {
    expect(pinnedScope(rules(...kinds)).expression).toBe(expression);
  });
});
