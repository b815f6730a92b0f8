import type { Attack } from './attack.ts';
import { ATTACKS } from './attacks.ts';
import { nameOf, type Variant } from './variant.ts';
import { WEAKENINGS } from './weakenings.ts';

/** One run of a row: over which gate. */
export interface Trial {
  readonly name: string;
  readonly attack: Attack;
  readonly variant: Variant;
}

/** Every row over its whole gate, where it must hold. */
export const WHOLE: readonly Trial[] = ordered(
  ATTACKS.map((attack) => ({
    name: attack.id,
    attack,
    variant: { gate: attack.gate, without: [] },
  })),
);

/** Every row that rules refuse, over its gate without them, which must admit it. */
export const WITHOUT_RULE: readonly Trial[] = ordered(
  ATTACKS.filter(({ rules }) => rules.length > 0).map((attack) => ({
    name: `without ${attack.rules.join(', ')}: ${attack.id}`,
    attack,
    variant: { gate: attack.gate, without: attack.rules },
  })),
);

/** Every weakening, with the row that it must admit. */
export const WEAKENED: readonly Trial[] = WEAKENINGS.map((weakening) => {
  const attack = ATTACKS.find(({ id }) => id === weakening.row);
  if (attack === undefined) throw new Error(`No row ${weakening.row}`);
  return {
    name: `${weakening.name}: ${attack.id}`,
    attack,
    variant: { gate: weakening.gate, without: [], weakening },
  };
});

/** Those of one variant together: putting a gate in force takes longer than an attack. */
function ordered(trials: readonly Trial[]): readonly Trial[] {
  return trials.toSorted((a, b) => nameOf(a.variant).localeCompare(nameOf(b.variant)));
}
