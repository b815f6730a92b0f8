import { describe, expect, it } from 'vitest';
import { readAllPages } from '#test/docs/markdown.ts';
import { readComments } from './citations.ts';
import { readSources } from './sources.ts';

/** CONTRIBUTING.md#language: the words, and what to write instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\b(?:told|tells?|telling)\b/i, 'report, publish, know'],
  [/\b(?:whoever|whomever)\b/i, 'name who acts'],
  [/\b(?:somebody|nobody|everybody)\b/i, 'name who acts; no user, every user'],
  [/\bof ours\b/i, 'of Countersign'],
  [/\bfor want of\b/i, 'without, because'],
  [/\bthat (?:is|are) there\b/i, 'existing, present'],
  [/\bbroken glass\b|\bglass (?:is |was )?broken\b/i, 'break-glass'],
];
/** Where the words themselves are the subject. */
const RULES = 'CONTRIBUTING.md';
/** Code, addresses, and the name of an alert, which installations have by now. */
const NAMES = /`[^`]*`|\]\([^)]*\)|\bglass-broken\b|\bGlass broken\b/g;
const LITERAL = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

interface Text {
  readonly at: string;
  readonly text: string;
}

function faultsIn({ at, text }: Text): readonly string[] {
  const plain = text.replace(NAMES, '');
  return BANNED.flatMap(([pattern, instead]) => {
    const [found] = pattern.exec(plain) ?? [];
    return found === undefined ? [] : [`${at}: "${found}" (write: ${instead})`];
  });
}

/** Texts of a source that people may read: literals with a space in them. */
function literalsIn(path: string, source: string): readonly Text[] {
  const code = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return [...code.matchAll(LITERAL)]
    .map(([whole]) => ({ at: path, text: whole.slice(1, -1) }))
    .filter(({ text }) => /\S \S/.test(text));
}

describe('plain English', () => {
  it('is what pages are written in', () => {
    const lines = readAllPages()
      .filter(({ path }) => path !== RULES)
      .flatMap(({ path, prose }) =>
        prose.split('\n').map((text, index) => ({ at: `${path}:${index + 1}`, text })),
      );
    expect(lines.length).toBeGreaterThan(3_000);
    expect(lines.flatMap(faultsIn)).toEqual([]);
  });

  it('is what comments are written in', () => {
    const comments = readComments().filter(({ path }) => !path.endsWith('.go'));
    const texts = comments.map(({ path, line, text }) => ({ at: `${path}:${line}`, text }));
    expect(texts.flatMap(faultsIn)).toEqual([]);
  });

  it('is what messages are written in', () => {
    const sources = readSources('functions/**/*.ts', 'shared/**/*.ts', 'infra/**/*.ts');
    const texts = sources.flatMap(({ path, text }) => literalsIn(path, text));
    expect(texts.length).toBeGreaterThan(4_000);
    expect(texts.flatMap(faultsIn)).toEqual([]);
  });

  it.each([
    'Whoever may tag may stop it',
    'the subscriber is told',
    'a topic that is there',
    'a key of ours',
    'left out for want of time',
    'dead letters that nobody could handle',
    'the glass is broken',
  ])('is not: %s', (text) => {
    expect(faultsIn({ at: 'a', text })).toHaveLength(1);
  });

  it('takes names for names', () => {
    const text = 'See `tell`, [the section](runbook.md#glass-broken) and the alert "Glass broken"';
    expect(faultsIn({ at: 'a', text })).toEqual([]);
  });
});
