import { fieldOf } from './check.ts';
import { readYaml } from './yaml-document.ts';

/** Entries that are named; of more only their number is. */
const MAX_NAMED = 5;

/**
 * What a person should know of a good config that does not write the effect of an image: it meant `gate` once, and
 * means `pin` now. One sentence, or none where every entry writes its effect.
 */
export function effectNotes(text: string): readonly string[] {
  const document = readYaml(text);
  const images = document.readable ? fieldOf(document.value, 'images') : undefined;
  if (!Array.isArray(images)) return [];
  const silent = images.flatMap((image: unknown, at) =>
    fieldOf(image, 'effect') === undefined ? [`images[${at}]`] : [],
  );
  if (silent.length === 0) return [];
  const more = silent.length > MAX_NAMED ? ` and ${silent.length - MAX_NAMED} more` : '';
  const names = `${silent.slice(0, MAX_NAMED).join(', ')}${more}`;
  return [
    `${names} without effect: pin, so that Countersign writes the digest into the spec of what follows; write effect: gate where another party owns that spec`,
  ];
}
