/** How often our verdict was that of `cosign verify`. */
export interface Figures {
  /** Notes one pair of verdicts, and why they may differ. */
  count(ours: boolean, theirs: boolean, why: string): void;
  /** How often we accepted what cosign refused, for another reason than those that `allowed` names. */
  acceptedAlone(allowed?: readonly string[]): number;
  /** One line: compared, agreeing, and each kind of difference. */
  print(): void;
}

/** Starts at nothing. */
export function createFigures(name: string): Figures {
  const differences = new Map<string, number>();
  const alone = new Map<string, number>();
  let compared = 0;
  const add = (to: Map<string, number>, why: string): unknown =>
    to.set(why, (to.get(why) ?? 0) + 1);
  return {
    count(ours, theirs, why) {
      compared += 1;
      if (ours !== theirs) add(differences, why);
      if (ours && !theirs) add(alone, why);
    },
    acceptedAlone(allowed = []) {
      const counts = [...alone].map(([why, count]) => (allowed.includes(why) ? 0 : count));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    print() {
      const differ = [...differences.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...differences].map(([why, count]) => `; ${count} differ: ${why}`).join('');
      process.stdout.write(`${name}: ${compared} compared, ${compared - differ} agree${kinds}\n`);
    },
  };
}
