/** What is between these lines of a page, or from the first of them to the end, is written by `npm run docs`. */
const BEGIN = '<!-- generated: npm run docs -->';
const END = '<!-- /generated -->';

/** `page` with its generated part replaced by `text`. */
export function withGenerated(page: string, text: string): string {
  const [head = '', rest = ''] = page.split(BEGIN);
  const [, tail] = rest.split(END);
  return `${head}${BEGIN}\n\n${text}${tail === undefined ? '' : `\n${END}${tail}`}`;
}
