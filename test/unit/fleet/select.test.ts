import { describe, expect, it } from 'vitest';
import { parseSelector } from '#shared/core/label-selector.ts';
import { selectMembers } from '#shared/fleet/select.ts';

const members = [
  { name: 'a', id: 'a', labels: { env: 'prod' } },
  { name: 'b', id: 'b', labels: { env: 'staging', tier: 'sandbox' } },
  { name: 'c', id: 'c', labels: {} },
];

describe('selectMembers()', () => {
  it.each([
    ['env in (prod, staging)', ['a', 'b']],
    ['tier != sandbox', ['a', 'c']],
    ['env=none', []],
  ])('keeps those that meet %j, in order', (selector, names) => {
    const selected = selectMembers(members, parseSelector(selector));
    expect(selected.map(({ name }) => name)).toEqual(names);
  });

  it('keeps all without a selector', () => {
    expect(selectMembers(members, undefined)).toEqual(members);
  });
});
