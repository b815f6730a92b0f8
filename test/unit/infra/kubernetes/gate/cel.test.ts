import { describe, expect, it } from 'vitest';
import { celList, celString, checkLength } from '#infra/kubernetes/gate/cel.ts';
import { CODE_POINT, fc } from '#test/fixtures/fast-check.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads a CEL string literal by the grammar of its specification ("Lexis"), and throws where that has no such form. */
function readLiteral(literal: string): string {
  const inner = /^"((?:[^"\\\r\n]|\\.)*)"$/su.exec(literal)?.[1];
  if (inner === undefined) throw new Error(`${literal} is no literal`);
  return inner.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gsu, (_, escape: string) => {
    if (escape.length > 1) return String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    const meant = ESCAPES[escape];
    if (meant === undefined) throw new Error(`\\${escape} is no escape`);
    return meant;
  });
}

describe('celString()', () => {
  it('gives a literal that reads as the text, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: CODE_POINT, maxLength: 40 }), (text) => {
        expect(readLiteral(celString(text))).toBe(text);
      }),
    );
  });

  it.each(['" || true || "', "' || true", '\\" || true', '\\', 'a\nb\r', '${x}', '\u2028"'])(
    'leaves no way out of the literal: %j',
    (text) => {
      expect(readLiteral(celString(text))).toBe(text);
    },
  );

  it('refuses half a character, which CEL cannot write', () => {
    expect(() => celString('a\ud800')).toThrow('half a character');
  });
});

describe('celList()', () => {
  it('gives a list of literals', () => {
    expect(celList([])).toBe('[]');
    expect(celList(['a', '"'])).toBe('["a", "\\""]');
  });
});

describe('checkLength()', () => {
  it('takes what an API server takes, and names the field that is too much', () => {
    expect(checkLength('x'.repeat(100_000), 'images')).toHaveLength(100_000);
    expect(() => checkLength('x'.repeat(100_001), 'gate.breakGlass')).toThrow('gate.breakGlass');
  });
});
