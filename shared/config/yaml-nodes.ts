import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
} from 'yaml';
import type { ProblemKind } from './problem.ts';
import { isMerge, startOf } from './yaml-places.ts';
import type { TextFault } from './yaml-syntax.ts';

const MERGE_FIX = 'Write a map after each "<<", or an alias of one';

/**
 * What is wrong with anchors, aliases, merges and keys, which the parser takes as they come. Makes integers exact that a
 * number would round: what is compared with them is exact.
 */
export function checkNodes(document: Document.Parsed): readonly TextFault[] {
  const faults: TextFault[] = [];
  // In the order of the text, so that a long file is gone through once.
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const merges: Pair[] = [];
  function add(node: unknown, problem: string, fix: string, kind: ProblemKind = 'yaml'): void {
    faults.push({ offset: startOf(node) ?? 0, kind, problem, fix });
  }
  visit(document, {
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      if (!isScalar(node)) return;
      const { value, source = '' } = node;
      if (typeof value !== 'number' || Number.isSafeInteger(value)) return;
      if (/^[-+]?[0-9]{1,400}$/.test(source)) node.value = BigInt(source.replace('+', ''));
    },
    Pair: (_key, pair) => {
      if (isMerge(pair)) merges.push(pair);
      // An object cannot be trusted to keep it, and what checks the value would pass over it.
      if (!isScalar(pair.key) || pair.key.value !== '__proto__') return;
      add(pair.key, 'Is an unknown key', 'Remove it, or rename it', 'unknown-key');
    },
    Alias: (_key, alias, path) => {
      const { source } = alias;
      const target = anchors.get(source);
      if (target === undefined) {
        const problem = `Refers to an anchor "${source}" that does not exist`;
        add(alias, problem, 'Define the anchor before it is used, or put the text in quotes');
      } else if (path.includes(target)) {
        add(alias, `Refers to the anchor "${source}" inside of it`, 'Remove the alias');
      } else targets.set(alias, target);
    },
  });
  for (const { key, value } of merges) {
    const whole = isAlias(value) ? targets.get(value) : value;
    for (const part of isSeq(whole) ? whole.items : [value]) {
      const unknown = isAlias(part) && !targets.has(part);
      if (unknown || isMap(isAlias(part) ? targets.get(part) : part)) continue;
      // A list that is an alias may be right where it stands.
      add(isAlias(value) ? value : (part ?? key), 'Merges what is no map', MERGE_FIX);
    }
  }
  return faults;
}

/** The alias by which the text becomes too much: the last one of the anchor that most of them repeat. */
export function findMostRepeated(document: Document.Parsed): Alias | undefined {
  const repeats = new Map<string, number>();
  let most: Alias | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      const times = (repeats.get(alias.source) ?? 0) + 1;
      repeats.set(alias.source, times);
      if (times >= (repeats.get(most?.source ?? '') ?? 0)) most = alias;
    },
  });
  return most;
}
