/** An acceptance that may count: which authority, and every name that its signer is known by. */
export interface Signed {
  readonly authority: string;
  /** The key's thumbprint, or issuer and subject with the thumbprint of the leaf's key. */
  readonly signer: readonly string[];
}

/** Which authorities are satisfied by signers of their own, and which only by a signer that is counted elsewhere. */
export interface Count {
  /** In the order of the policy. */
  readonly satisfied: readonly string[];
  /** By authority that is not: the one that its signer is counted for. */
  readonly counted: ReadonlyMap<string, string>;
}

/**
 * Counts people, not rules: as many authorities as can each be given a signer of its own, which is a maximum matching of
 * authorities to signers (Kuhn's algorithm; a policy has at most fifty authorities). Two names that one acceptance
 * knows its signer by are one signer: a key that an authority of a PKI has certified too, for one.
 */
export function countSigners(authorities: readonly string[], accepted: readonly Signed[]): Count {
  const signerOf = uniteNames(accepted);
  const signersOf = new Map<string, Set<string>>();
  for (const { authority, signer } of accepted) {
    const known = signersOf.get(authority) ?? new Set<string>();
    signersOf.set(authority, known.add(signerOf(signer[0] ?? '')));
  }
  const takenBy = new Map<string, string>();

  /** Gives the authority a signer; one that is taken moves on where its authority has another. */
  function assign(authority: string, tried: Set<string>): boolean {
    for (const signer of signersOf.get(authority) ?? []) {
      if (tried.has(signer)) continue;
      tried.add(signer);
      const holder = takenBy.get(signer);
      if (holder !== undefined && !assign(holder, tried)) continue;
      takenBy.set(signer, authority);
      return true;
    }
    return false;
  }

  const satisfied = authorities.filter((authority) => assign(authority, new Set()));
  const counted = authorities.flatMap((authority): [string, string][] => {
    const [first] = signersOf.get(authority) ?? [];
    const other = first === undefined ? undefined : takenBy.get(first);
    return satisfied.includes(authority) || other === undefined ? [] : [[authority, other]];
  });
  return { satisfied, counted: new Map(counted) };
}

/** Names to signers: union-find over the names that acceptances put side by side. */
function uniteNames(accepted: readonly Signed[]): (name: string) => string {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let at = name;
    for (let up = parents.get(at); up !== undefined; up = parents.get(at)) at = up;
    return at;
  };
  for (const { signer } of accepted) {
    const [first = '', ...others] = signer;
    for (const other of others) {
      const [a, b] = [rootOf(first), rootOf(other)];
      if (a !== b) parents.set(b, a);
    }
  }
  return rootOf;
}
