import type { Argument, Option } from 'commander';
import type { Verb } from '../verb.ts';

/** A verb as it is typed. */
export interface Spelled {
  /** `status`, or a noun and its verb: `rollout pause`. */
  readonly words: readonly string[];
  readonly about: string;
  readonly takes: readonly Argument[];
  /** Its own, then those of every verb; what is hidden is not among them. */
  readonly options: readonly Option[];
}

/** Every verb as it is typed, in the order of the help: what completion and the manual are made from. */
export function spellVerbs(verbs: readonly Verb[], shared: readonly Option[]): readonly Spelled[] {
  return verbs.map(({ noun, name, about, takes = [], options }) => ({
    words: noun === undefined ? [name] : [noun, name],
    about,
    takes,
    options: [...options, ...shared].filter(({ hidden }) => !hidden),
  }));
}

/** `--context <name>`: whether a value follows. */
export function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** `--output` and `-o`, as far as there are both. */
export function flagsOf({ long, short }: Option): readonly string[] {
  return [long, short].filter((flag) => flag !== undefined && flag !== null);
}
