import { CODE_POINT, fc } from '#test/fixtures/fast-check.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Format, FORMATS, formatView } from '#functions/cli/output/view.ts';
import { formatYaml } from '#functions/cli/output/yaml.ts';

const HOSTILE = 'a\u001b[2J\u0007\u202eb\u2028\ud800';
const VIEW = {
  value: { message: HOSTILE, left: undefined, at: new Date(0) },
  lines: () => [HOSTILE],
  names: () => [HOSTILE],
};
const UNSEEN = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

function text(format: Format): string {
  const paper = { columns: 80, now: new Date(0) };
  return formatView(VIEW, { format, paper, colour: false });
}

describe('formatView', () => {
  it.each(FORMATS)('writes nothing as %s that rules a terminal', (format) => {
    expect(text(format)).not.toMatch(UNSEEN);
    expect(text(format)).toMatch(/\n$/);
  });

  it('has the same value as JSON and as YAML', () => {
    expect(parse(text('yaml'))).toEqual(JSON.parse(text('json')));
    expect(JSON.parse(text('json')).at).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('formatYaml', () => {
  it('is read back as what was written, and shows no character that is not seen', () => {
    const value = fc.dictionary(fc.string({ unit: CODE_POINT }), fc.string({ unit: CODE_POINT }));
    fc.assert(
      fc.property(fc.array(value), (some) => {
        const yaml = formatYaml(some);
        expect(yaml).not.toMatch(UNSEEN);
        expect(parse(yaml)).toEqual(some);
      }),
    );
  });

  it('is made for people', () => {
    expect(formatYaml({ syncs: [{ phase: 'Synced', errors: [] }] })).toBe(
      'syncs:\n  - phase: Synced\n    errors: []\n',
    );
  });
});
