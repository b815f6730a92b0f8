const MINUTE_MS = 60_000;
/** A prime: whatever the number of items, each comes first some day. */
const STRIDE = 7919;

/**
 * From another place on each minute, far from the one before: of more than a sweep has time for, all have a turn.
 *
 * @example
 * for (const image of rotate(images, now())) await step(image);
 */
export function rotate<T>(items: readonly T[], now: Date): readonly T[] {
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  const start = (minute * STRIDE) % Math.max(1, items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
