/** What is looked for: an expression or statement, in the declaration at the top of a file that has that name. */
interface Place {
  readonly in: string;
  readonly find: string;
}

/** A declaration at the top of a formatted file begins in its first column. */
const DECLARATION =
  /^(?:export )?(?:default )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) +(\w+)/;

/**
 * Where it stands in a source: undefined where it is not there exactly once. Neither line breaks nor indents count, nor
 * the comma before a closing bracket: a formatter owns these.
 */
export function locate(
  source: string,
  { in: name, find }: Place,
): { readonly from: number; readonly to: number } | undefined {
  const found = declarationsOf(source)
    .filter((declaration) => declaration.name === name)
    .flatMap(({ from, to }) =>
      [...source.slice(from, to).matchAll(patternOf(find))].map((match) => ({
        from: from + match.index,
        to: from + match.index + match[0].length,
      })),
    );
  return found.length === 1 ? found[0] : undefined;
}

/** The source without what is located; undefined as above. */
export function mutate(
  source: string,
  mutation: Place & { readonly replace: string },
): string | undefined {
  const place = locate(source, mutation);
  return place && source.slice(0, place.from) + mutation.replace + source.slice(place.to);
}

interface Declaration {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Each reaches to the next one. */
function declarationsOf(source: string): readonly Declaration[] {
  const begins: { readonly name: string; readonly from: number }[] = [];
  let from = 0;
  for (const line of source.split('\n')) {
    const [, name] = DECLARATION.exec(line) ?? [];
    if (name !== undefined) begins.push({ name, from });
    from += line.length + 1;
  }
  return begins.map((begin, index) => ({
    ...begin,
    to: begins[index + 1]?.from ?? source.length,
  }));
}

/** Words are separated by any space; all else may stand apart or together. */
function patternOf(text: string): RegExp {
  const tokens = text.match(/\w+|[^\w\s]/g) ?? [];
  let pattern = '';
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1] ?? '';
    if (token === ',' && CLOSING.test(next)) continue;
    const before = tokens[index - 1] ?? '';
    const gap = WORD.test(token) && WORD.test(before) ? '\\s+' : '\\s*';
    const comma = CLOSING.test(token) && index > 0 ? ',?\\s*' : '';
    pattern += `${index === 0 ? '' : gap}${comma}${token.replaceAll(/[^\w]/g, '\\$&')}`;
  }
  return new RegExp(pattern, 'g');
}

const CLOSING = /^[)\]}]$/;
const WORD = /^\w+$/;
