import { Document, Scalar, visit } from 'yaml';

/**
 * A value as YAML that other parsers read alike: what rules a terminal stands as an escape in quotes, never as itself.
 *
 * @example
 * formatYaml({ phase: 'Synced' }) // 'phase: Synced\n'
 */
export function formatYaml(value: unknown): string {
  // As JSON has it: dates are texts, and what is undefined is not there.
  const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
  const document = new Document(plain, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && node.value.search(UNSEEN) >= 0) node.type = QUOTED;
    },
  });
  return document.toString({ lineWidth: 0 }).replaceAll(UNSEEN, escape);
}

const QUOTED = Scalar.QUOTE_DOUBLE;

/** As in shared/core/foreign-text.ts, by code point: YAML has no pairs. */
const UNSEEN = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function escape(found: string): string {
  const point = (found.codePointAt(0) ?? 0).toString(16);
  return point.length > 4 ? `\\U${point.padStart(8, '0')}` : `\\u${point.padStart(4, '0')}`;
}
