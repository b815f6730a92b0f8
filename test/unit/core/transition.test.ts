import { describe, expect, it } from 'vitest';
import { PHASES, type PhaseRecord, isFailurePhase } from '#shared/core/phase.ts';
import { type SyncEventType, transition } from '#shared/core/transition.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { fc } from '#test/fixtures/fast-check.ts';

const FAILURES = new Set<string>(['failed', 'blocked', 'stalled', 'unguarded', 'refused']);

const look = fc.record({
  phase: fc.constantFrom(...PHASES),
  digest: fc.constantFrom(A, B),
  approved: fc.constantFrom([A], [B], [A, B], []),
  verified: fc.boolean(),
  quiet: fc.constantFrom(A, B, undefined),
  /** The record of before was lost. */
  lost: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
});

type Look = typeof look extends fc.Arbitrary<infer Value> ? Value : never;

/** What a subscriber knows after each look: whether a failure was published whose end was not. */
interface Step extends Look {
  readonly open: boolean;
  /** A recovery was published of nothing that a subscriber could know of. */
  readonly groundless: boolean;
  readonly events: readonly SyncEventType[];
}

function replay(looks: readonly Look[]): readonly Step[] {
  let record: PhaseRecord | undefined;
  let open = false;
  let doubt = false;
  return looks.map((seen, index) => {
    const { phase, digest, approved, verified, quiet, lost } = seen;
    const previous = lost ? undefined : record;
    doubt ||= previous === undefined;
    const observation = { phase, digest, message: '', errors: [] };
    const now = new Date(index * 1_000);
    const { events, ...told } = transition(previous, observation, {
      approved,
      verified,
      known: true,
      ...(quiet === undefined ? {} : { quiet }),
      now,
    });
    record = told.record;
    const recovered = events.includes('recovered');
    const groundless = recovered && !open && !doubt;
    if (recovered) doubt = false;
    open = events.some((event) => FAILURES.has(event)) || (open && !recovered);
    return { ...seen, events, open, groundless };
  });
}

describe('transition()', () => {
  it('ends every failure once all is well, whatever follows and whatever is lost, and no other', () => {
    const check = fc.check(
      fc.property(fc.array(look, { minLength: 1, maxLength: 30 }), (looks) =>
        replay(looks).every(({ phase, open, groundless, events }) => {
          const well = phase === 'Synced' || phase === 'Ignored';
          const troubled = isFailurePhase(phase) || phase === 'Approved';
          const tooEarly = troubled && events.includes('recovered');
          return !groundless && !tooEarly && !(well && open) && !(isFailurePhase(phase) && !open);
        }),
      ),
      { numRuns: 1_000 },
    );
    expect(check.counterexample).toBeNull();
  });

  it('publishes nothing when the same is seen again', () => {
    const check = fc.check(
      fc.property(look, (seen) => replay([seen, { ...seen, lost: false }])[1]?.events.length === 0),
    );
    expect(check.counterexample).toBeNull();
  });
});
