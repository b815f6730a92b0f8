import { describe, expect, it } from 'vitest';
import { PHASES, type Phase, type PhaseRecord, isFailurePhase } from '#shared/core/phase.ts';
import { type SyncEventType, transition } from '#shared/core/transition.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
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

describe('transition() of a failure', () => {
  type Seen = readonly [Look['phase'], Look['digest']];

  it.each<[string, readonly Seen[], readonly SyncEventType[]]>([
    [
      'stands while another digest is waited for',
      [
        ['Failed', A],
        ['Waiting', A],
        ['Failed', A],
      ],
      ['failed'],
    ],
    [
      'has come to another digest',
      [
        ['Failed', A],
        ['Waiting', A],
        ['Failed', B],
      ],
      ['failed', 'failed'],
    ],
    [
      'has become another one',
      [
        ['Failed', A],
        ['Waiting', A],
        ['Stalled', A],
      ],
      ['failed', 'stalled'],
    ],
    [
      'ended before',
      [
        ['Failed', A],
        ['Synced', A],
        ['Failed', A],
      ],
      ['failed', 'recovered', 'synced', 'failed'],
    ],
  ])('publishes what %s', (_, seen, expected) => {
    const looks = seen.map(([phase, digest]): Look => {
      return { phase, digest, approved: [], verified: true, quiet: undefined, lost: false };
    });
    expect(replay(looks).flatMap(({ events }) => events)).toEqual(expected);
  });
});

describe('transition() of one that had stalled, while another digest waits', () => {
  const SINCE = '2026-11-22T05:30:00.000Z';
  it.each<[string, string, readonly string[], string | undefined, readonly SyncEventType[]]>([
    [
      'ends it where Config Sync works again, though its tag has moved meanwhile',
      B,
      [A],
      A,
      ['recovered'],
    ],
    ['ends it where what stalled runs', A, [A], A, ['recovered']],
    ['leaves it open where the newest approval is not taken up', B, [B, A], A, []],
    ['leaves it open while what runs has errors', B, [A], undefined, []],
  ])('%s', (_, digest, approved, quiet, events) => {
    const failure = { phase: 'Stalled', since: SINCE, digest, before: 'Synced' } as const;
    const [current = A] = approved;
    const previous = {
      phase: 'Stalled',
      digest,
      since: SINCE,
      approved: current,
      failure,
    } as const;
    const seen = { phase: 'Pending', digest: C, message: '', errors: [] } as const;
    const about = { approved, verified: false, now: new Date(), ...(quiet && { quiet }) };
    expect(transition(previous, seen, about).events).toEqual(events);
  });
});

describe('transition() of what runs on while another digest waits', () => {
  type Seen = readonly [Phase, digest: string, approved: string];
  const steps = (looks: readonly Seen[], mayWait: boolean) => {
    let record: PhaseRecord | undefined;
    return looks.map(([phase, digest, approved], index) => {
      const observation = { phase, digest, message: '', errors: [] };
      const now = new Date(index * 1_000);
      const about = { approved: [approved], verified: true, mayWait, now };
      const made = transition(record, observation, about);
      record = made.record;
      return made;
    });
  };
  const SYNCED: Seen = ['Synced', A, A];

  it.each<[string, readonly Seen[], readonly SyncEventType[]]>([
    ['waits, and is live as before', [SYNCED, ['Waiting', B, A], SYNCED], []],
    ['waits for what it runs, its record lost', [SYNCED, ['Waiting', A, A], SYNCED], []],
    [
      'waits for a signature, then for its stage',
      [
        SYNCED,
        ['Pending', B, A],
        ['Rejected', B, A],
        ['Waiting', B, A],
        ['Approved', A, A],
        SYNCED,
      ],
      [],
    ],
    [
      'was not live when it came to wait',
      [['Approved', A, A], ['Waiting', B, A], SYNCED],
      ['synced'],
    ],
    [
      'fails meanwhile',
      [SYNCED, ['Waiting', B, A], ['Failed', A, A], SYNCED],
      ['recovered', 'synced'],
    ],
    [
      'gets what it waited for',
      [SYNCED, ['Waiting', B, A], ['Synced', B, B]],
      ['approved', 'synced'],
    ],
    ['is taken back', [SYNCED, ['Approved', B, B], ['Waiting', B, A], SYNCED], ['synced']],
  ])('publishes of one that %s', (_, looks, events) => {
    expect(steps(looks, true).at(-1)?.events).toEqual(events);
  });

  it('remembers nothing where nothing waits', () => {
    const made = steps([SYNCED, ['Pending', B, A], SYNCED], false);
    expect(made.flatMap(({ record }) => Object.keys(record))).not.toContain('synced');
    expect(made.at(-1)?.events).toEqual(['synced']);
  });
});
