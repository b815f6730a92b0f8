import { defined } from '#shared/core/defined.ts';
import type { HistoryEntry } from '../../history/operation.ts';

/** One digest of an image, as its events have it. */
export interface DigestOverTime {
  readonly digest: string;
  readonly firstAt: string;
  readonly verdict: string;
  readonly verdictAt: string;
  readonly signer?: string;
  readonly revision?: string;
  readonly source?: string;
}

/** The digests of an image by its verdicts, the newest first. `events`: the newest first. */
export function digestsOverTime(events: readonly HistoryEntry[]): readonly DigestOverTime[] {
  const found = new Map<string, DigestOverTime>();
  for (const { digest, type, time, signer, revision, source } of events) {
    if (digest === undefined || !type.startsWith('image.')) continue;
    const known = found.get(digest);
    const verdict = type.slice('image.'.length);
    const newest = known ?? { digest, verdict, verdictAt: time, firstAt: time };
    const facts = {
      signer: known?.signer ?? signer,
      revision: known?.revision ?? revision,
      source: known?.source ?? source,
    };
    found.set(digest, { ...newest, firstAt: time, ...defined(facts) });
  }
  return [...found.values()];
}
