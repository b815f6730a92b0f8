/** Connect Gateway's own, for one fleet host project (google-cloud.md section 4). */
export const GATEWAY_CALLS_PER_MINUTE = 2_400;

const MINUTE_MS = 60_000;

/** Calls of the last minute, by project. */
export interface Quota {
  /** Counts a call; false where it is one too many, and then not counted. */
  take(project: string): boolean;
}

export function createQuota(perMinute: number, now: () => number): Quota {
  const taken = new Map<string, number[]>();
  return {
    take(project) {
      const since = now() - MINUTE_MS;
      const recent = (taken.get(project) ?? []).filter((at) => at > since);
      taken.set(project, recent);
      if (recent.length >= perMinute) return false;
      recent.push(now());
      return true;
    },
  };
}
