import { describe, expect, it } from 'vitest';
import type { CheckState, NotedEvidence } from '#shared/core/rollout/checks.ts';
import { explainRollout } from '#shared/core/rollout/explain.ts';
import { imagine } from '#shared/core/rollout/imagine.ts';
import { planRollout } from '#shared/core/rollout/plan.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { sayNow } from '#shared/core/rollout/say-now.ts';
import { viewStages } from '#shared/core/rollout/standing.ts';
import { openingsAt } from '#shared/core/rollout/strategy.ts';
import { sayCheck, viewChecks } from '#shared/core/rollout/view-checks.ts';
import { check } from '#test/fixtures/checks.ts';
import {
  HOUR,
  MINUTE,
  NOW,
  cluster,
  fleet,
  iso,
  live,
  record,
  stage,
  strategy,
} from '#test/fixtures/rollout.ts';

const ask = { type: 'http', url: 'https://a.example', status: 204, contains: 'ok' } as const;
const CANARY = stage('canary', {
  soakMs: HOUR,
  checks: [check('errors'), check('ready', { ask, forMs: 90 * MINUTE })],
});
const BY = strategy({ stages: [CANARY, stage('rest', { selects: () => true })] });
const SOAKS = { status: 'soaking', okSince: iso(-30 * MINUTE) } as const;
const state = (name: string, outcome: CheckState['outcome'], ms = -20 * MINUTE): CheckState => ({
  name,
  outcome,
  since: iso(ms),
});
const noted: NotedEvidence = {
  id: 'r1',
  stage: 'canary',
  at: iso(-MINUTE),
  findings: [
    { name: 'errors', outcome: 'failed', value: '2' },
    { name: 'ready', outcome: 'unknown', problem: 'It cannot be reached' },
  ],
};
const CLUSTERS = [cluster('c1', 'canary', live()), cluster('r1', 'rest')];

describe('the view of checks', () => {
  it('has what is recorded and what was answered last', () => {
    const checks = [state('errors', 'failed'), state('ready', 'unknown')];
    expect(viewChecks(record({ checks }), CANARY, noted)).toEqual([
      {
        name: 'errors',
        wants: 'below 1',
        forMs: 10 * MINUTE,
        outcome: 'failed',
        since: iso(-20 * MINUTE),
        value: '2',
        at: iso(-MINUTE),
      },
      {
        name: 'ready',
        wants: 'status 204 with "ok"',
        forMs: 90 * MINUTE,
        outcome: 'unknown',
        since: iso(-20 * MINUTE),
        problem: 'It cannot be reached',
        at: iso(-MINUTE),
      },
    ]);
  });

  it.each([
    ['nothing is recorded', record(), noted],
    [
      'the note is of another roll-out',
      record({ checks: [state('errors', 'failed')] }),
      { ...noted, id: 'r0' },
    ],
    [
      'the note is of another stage',
      record({ checks: [state('errors', 'failed')] }),
      { ...noted, stage: 'rest' },
    ],
    ['the note is older than the outcome', record({ checks: [state('errors', 'met')] }), noted],
    ['there is no note', record({ checks: [state('errors', 'failed')] }), undefined],
  ])('has no answer where %s', (_, from, note) => {
    const [errors] = viewChecks(from, CANARY, note);
    expect(errors).not.toHaveProperty('value');
    expect(errors).not.toHaveProperty('at');
  });

  it('has nothing of a stage where the roll-out does not stand', () => {
    const from = record({ stage: 'rest', checks: [state('errors', 'met')] });
    expect(viewChecks(from, CANARY, noted)[0]).toEqual({
      name: 'errors',
      wants: 'below 1',
      forMs: 10 * MINUTE,
    });
  });

  it('is said in a sentence', () => {
    const view = {
      name: 'errors',
      wants: 'below 1',
      forMs: 10 * MINUTE,
      since: iso(0),
      value: '0.5',
    };
    expect(sayCheck({ ...view, outcome: 'met' })).toBe(
      'errors is met since 2026-11-23 12:00 UTC, and must be for 10 min (0.5, below 1)',
    );
    expect(sayCheck({ ...view, outcome: 'failed', value: '2' })).toBe(
      'errors fails since 2026-11-23 12:00 UTC (2, below 1)',
    );
    expect(sayCheck({ name: 'a', wants: 'status 200', forMs: 0 })).toBe(
      'a was not asked yet (status 200)',
    );
  });
});

describe('explain', () => {
  function steps(from: Partial<RolloutRecord>, by = BY) {
    const [, asked] = CLUSTERS;
    const [sync] = asked?.syncs ?? [];
    if (asked === undefined || sync === undefined) throw new Error('It is there');
    const about = { cluster: asked, sync, noted };
    return explainRollout(record(from), by, fleet(...CLUSTERS), about, NOW);
  }

  it.each([
    ['wait', 'asked once it is live', {}],
    ['bad', 'fail', { ...SOAKS, checks: [state('errors', 'failed'), state('ready', 'unknown')] }],
    [
      'unknown',
      'without an answer',
      { ...SOAKS, checks: [state('errors', 'met'), state('ready', 'unknown')] },
    ],
    [
      'wait',
      'not met for long enough',
      { ...SOAKS, checks: [state('errors', 'met'), state('ready', 'met')] },
    ],
    [
      'ok',
      'all are met',
      { ...SOAKS, checks: [state('errors', 'met'), state('ready', 'met', -2 * HOUR)] },
    ],
    ['bad', 'fail', { status: 'halted', cause: 'evidence', checks: [state('errors', 'failed')] }],
    ['ok', 'No checks', { status: 'halted', cause: 'failures' }],
    ['ok', 'No checks', { stage: 'rest' }],
    ['ok', 'No checks', { status: 'completed' }],
  ] as const)('says %s: %s', (outcome, text, from) => {
    const step = steps(from).steps.find((one) => one.step === 'evidence');
    expect(step?.outcome).toBe(outcome);
    expect(step?.finding).toContain(text);
  });

  it('names each check with its answer', () => {
    const checks = [state('errors', 'failed'), state('ready', 'unknown')];
    const step = steps({ ...SOAKS, checks }).steps.find((one) => one.step === 'evidence');
    expect(step?.details).toEqual([
      'errors fails since 2026-11-23 11:40 UTC (2, below 1)',
      'ready has no answer since 2026-11-23 11:40 UTC (It cannot be reached, status 204 with "ok")',
    ]);
  });

  it('says that later stages wait for it', () => {
    const checks = [state('errors', 'failed')];
    expect(steps({ ...SOAKS, cause: 'evidence', checks }).waits).toContain(
      'canary waits for its checks',
    );
  });

  it('has no such step where no stage has checks', () => {
    expect(steps({}, strategy()).steps.map(({ step }) => step)).not.toContain('evidence');
  });
});

describe('the sentence of a roll-out', () => {
  function say(from: Partial<RolloutRecord>, by = BY): string {
    const isOpen = openingsAt(by, NOW);
    const views = viewStages(record(from), by, CLUSTERS, { now: NOW, isOpen });
    return sayNow({ record: record(from), strategy: by, views, now: NOW });
  }

  it.each([
    [
      '',
      { ...SOAKS },
      'soaks until 2026-11-23 12:30 UTC, then needs checks errors, ready, then stage rest',
    ],
    [
      'unmet ',
      {
        ...SOAKS,
        stuckSince: iso(-MINUTE),
        checks: [state('errors', 'failed'), state('ready', 'met')],
      },
      'then needs checks errors (failed), ready (met), then stage rest',
    ],
    [
      'awaited ',
      {
        ...SOAKS,
        cause: 'evidence',
        stuckSince: iso(-MINUTE),
        checks: [state('errors', 'unknown')],
      },
      'canary: 1 of 1 live; waits for checks errors (no answer), ready, then stage rest',
    ],
    [
      'bad ',
      {
        status: 'halted',
        cause: 'evidence',
        checks: [state('errors', 'failed'), state('ready', 'met')],
      },
      'Halted: the checks of its stage do not show that the digest works (errors);',
    ],
  ] as const)('names %schecks', (_, from, text) => {
    expect(say(from)).toContain(text);
  });
});

describe('the plan', () => {
  const costs = { toLiveMs: 0, callsPerMinute: 600 };

  function plan(from: Partial<RolloutRecord>) {
    const known = fleet(...CLUSTERS);
    const asked = imagine({ image: 'i', record: record(from) }, BY, known, NOW);
    return planRollout(asked, BY, known, NOW, costs).stages[0];
  }

  it('has the names of checks, and the longest time', () => {
    expect(plan(SOAKS)?.checks).toEqual({ names: ['errors', 'ready'], forMs: 90 * MINUTE });
    expect(plan({ stage: 'rest' })).not.toHaveProperty('checks');
  });

  it('ends a stage no earlier than its evidence can', () => {
    const passes = (from: Partial<RolloutRecord>) => plan({ ...SOAKS, ...from })?.passesAt;
    expect(passes({})).toBe(iso(90 * MINUTE));
    expect(passes({ checks: [state('ready', 'met', -70 * MINUTE)] })).toBe(iso(30 * MINUTE));
    expect(passes({ checks: [state('ready', 'failed', -70 * MINUTE)] })).toBe(iso(90 * MINUTE));
  });
});
