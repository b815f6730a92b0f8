import { expect, it } from 'vitest';
import { RULE_NAMES } from '#infra/kubernetes/gate/rules.ts';
import { FAULTS } from './attack.ts';
import { ATTACKS } from './attacks.ts';
import { WEAKENINGS } from './weakenings.ts';

it('has each attack once', () => {
  const ids = ATTACKS.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  const names = WEAKENINGS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it('has a row that each rule alone refuses', () => {
  const alone = ATTACKS.flatMap(({ rules }) => (rules.length === 1 ? rules : []));
  expect(RULE_NAMES.filter((name) => !alone.includes(name))).toEqual([]);
});

it('tries every kind of fault', () => {
  const tried = new Set(ATTACKS.map(({ fault }) => fault));
  expect(FAULTS.filter((fault) => !tried.has(fault))).toEqual([]);
});

it('asks for a rule wherever the gate must refuse', () => {
  const unruled = ATTACKS.filter(
    ({ rules, steps }) =>
      rules.length === 0 && steps.some(({ expect: must }) => must === 'refused'),
  );
  expect(unruled.map(({ id }) => id)).toEqual([]);
});
