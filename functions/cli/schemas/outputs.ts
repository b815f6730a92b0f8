import * as z from 'zod';
import { Overview } from '../api/overview-schema.ts';
import {
  Accepted,
  Decided,
  Explanation,
  FreezeAnswer,
  FreezeList,
  HistoryPage,
  HoldPage,
  HoldsOrdered,
  Page,
  Plan,
  Preview,
  Rollout,
  RolloutPage,
  Track,
  Verdict,
} from '../api/schema.ts';

const ExitCode = z.int().min(0).max(3).describe('The exit code');
const Next = z.string().optional().describe('Cursor of what follows: absent where nothing does');

const Status = Page.omit({ next: true }).extend({
  overview: Overview.optional().describe('Of the whole fleet: absent with a filter'),
});

const WaitDigest = z.looseObject({
  code: ExitCode,
  digest: z
    .string()
    .optional()
    .describe('What the name stands for: absent where it is in no registry'),
  live: Page.shape.syncs,
  failed: Page.shape.syncs,
  waiting: Page.shape.syncs,
});
const WaitStage = z.looseObject({
  code: ExitCode,
  stage: z.string(),
  rollouts: z.array(Rollout.extend({ standing: z.enum(['passed', 'failed', 'waiting']) })),
});

const LocalVerdict = z.looseObject({
  image: z.string(),
  policy: z.string(),
  digest: z.string().optional(),
  index: z.string().optional(),
  message: z.string(),
  reasons: z.array(z.string()),
  fix: z.string().optional(),
  verdict: z.looseObject({ status: z.string() }),
});

const Found = z.looseObject({ code: z.string(), message: z.string() });
const Preflight = z.looseObject({
  clusters: z.array(
    z.looseObject({
      cluster: z.string(),
      unchecked: z.string().optional().describe('Why it could not be checked'),
      problems: z.array(Found),
      notes: z.array(z.string()),
      unpinned: z.array(Found.extend({ sync: z.string() })),
      syncs: z.number(),
      refused: z.array(
        z.looseObject({
          sync: z.string(),
          rule: z.string(),
          key: z.string().optional(),
          because: z.string(),
          message: z.string(),
        }),
      ),
    }),
  ),
  unlisted: z.array(z.string()),
});

const Letters = z.array(
  z.looseObject({
    id: z.string(),
    at: z.string(),
    code: z.string(),
    reason: z.string(),
    topic: z.string().optional(),
    what: z.string(),
    fate: z.enum(['listed', 'replayed', 'dropped', 'would-replay', 'would-drop', 'kept']),
    problem: z.string().optional(),
    attributes: z.record(z.string(), z.string()),
    data: z.string().describe('Base64'),
  }),
);

const ConfigCheck = z.looseObject({
  file: z.string(),
  problems: z.array(z.looseObject({ problem: z.string(), fix: z.string() })),
  notes: z.array(z.string()),
});

const Context = z.looseObject({
  name: z.string(),
  url: z.string(),
  audience: z.string().optional(),
  tokenCommand: z.string().optional(),
  current: z.boolean().describe('It is asked where none is named'),
});

/** What `-o json` and `-o yaml` print, by verb. Later versions may add fields, and words where a field has words. */
export const OUTPUTS = {
  status: Status,
  explain: Explanation,
  verify: Verdict,
  track: Track,
  'verify-local': LocalVerdict,
  wait: WaitDigest,
  'wait-stage': WaitStage,
  resync: Accepted,
  'resync-dry-run': Preview,
  history: HistoryPage.extend({ next: Next }),
  freezes: FreezeList,
  freeze: FreezeAnswer,
  holds: HoldPage.omit({ next: true }),
  hold: HoldsOrdered,
  rollouts: RolloutPage.omit({ next: true }),
  'rollout-show': Rollout,
  'rollout-plan': Plan,
  'rollout-decision': Decided,
  preflight: Preflight,
  letters: Letters,
  'config-check': ConfigCheck,
  contexts: z.looseObject({ contexts: z.array(Context) }),
  context: Context,
} as const;
