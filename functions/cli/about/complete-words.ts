import type { Spelled } from './spell-verbs.ts';

/** First words that another one follows. */
export function nounsOf(verbs: readonly Spelled[]): readonly string[] {
  return [...new Set(verbs.flatMap(({ words }) => (words.length > 1 ? (words[0] ?? []) : [])))];
}

/** What may be typed first. */
export function firstWords(verbs: readonly Spelled[]): readonly string[] {
  return [...new Set(verbs.map(({ words }) => words[0] ?? ''))];
}

/** What may be typed after a noun. */
export function secondWords(verbs: readonly Spelled[], noun: string): readonly string[] {
  return verbs.flatMap(({ words }) => (words[0] === noun ? (words[1] ?? []) : []));
}
