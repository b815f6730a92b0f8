import type { Digest } from '#shared/core/digest.ts';
import type { RegistryFacts } from '../oracle/truth.ts';
import type { Move, SigningKey } from '../sim/registry.ts';

/** What was pushed and signed, noted before it is done: nothing can be known of it earlier. */
export interface History extends RegistryFacts {
  noteMove(reference: string, digest: Digest): void;
  noteSignature(repository: string, digest: Digest, key: SigningKey): void;
}

export function createHistory(): History {
  const moves = new Map<string, Move[]>();
  const signed = new Map<string, { key: SigningKey; at: number }[]>();
  return {
    noteMove(reference, digest) {
      const move = { at: Date.now(), top: digest, child: digest };
      moves.set(reference, [...(moves.get(reference) ?? []), move]);
    },
    noteSignature(repository, digest, key) {
      const at = `${repository}@${digest}`;
      signed.set(at, [...(signed.get(at) ?? []), { key, at: Date.now() }]);
    },
    moves: (reference) => moves.get(reference) ?? [],
    current: (reference) => moves.get(reference)?.at(-1),
    signatures: (repository, digest) => signed.get(`${repository}@${digest}`) ?? [],
    indexesOf: () => [],
    isBad: () => false,
  };
}
