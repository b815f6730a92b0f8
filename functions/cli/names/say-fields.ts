import type { Verb } from '../verb.ts';

/** A field of a request, as the API names it in what it says no with. */
const FIELD = /\b(?:query|json|body|param|path|headers?)\.([A-Za-z][A-Za-z-]*)/g;

/** A list of the API that the command has under the same name. */
const LIST = /\bGET \/v1\/(rollouts|freezes|holds|history)(?![\w/])/g;

/**
 * What the API says, with the option or argument of the verb in place of the field that it became:
 * `query.sync: must be …` is `--sync: must be …`.
 */
export function sayFields(
  message: string,
  { options, takes = [] }: Pick<Verb, 'options' | 'takes'>,
): string {
  const said = message.replaceAll(LIST, 'countersign $1');
  return said.replaceAll(FIELD, (whole, field: string) => {
    if (field.toLowerCase() === 'idempotency-key') return '--key';
    const option = options.find((one) => one.attributeName() === field);
    const argument = takes.find((one) => one.name() === field);
    return option?.long ?? (argument === undefined ? whole : `<${field}>`);
  });
}
