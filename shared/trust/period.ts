/** When a key or authority is trusted, both ends included. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/** Whether `time` is before or after a period. */
export function isOutside(time: Date, { start, end }: Period): boolean {
  return time < start || time > end;
}
