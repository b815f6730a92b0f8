import type { Mutation } from './mutations.ts';

const RECONCILE = 'test/unit/reconcile';
const AMONG = 'test/unit/core/rollout/among.test.ts';
const STAGED = `${RECONCILE}/staged.test.ts`;
const RECORDS = `${RECONCILE}/staged-records.test.ts`;
const BACK = `${RECONCILE}/staged-back.test.ts`;
const JUDGED = `${RECONCILE}/staged-judged.test.ts`;

/** What an RSync may be approved for, where its image is rolled out in stages. */
export const STAGED_MUTATIONS: readonly Mutation[] = (
  [
    [
      'no other tag gets round a stage',
      'core/rollout/among',
      'admitsAmong',
      'if (!other.allowed) return other;',
      '',
      [AMONG, RECORDS],
    ],
    [
      'what one tag has rejected, none brings',
      'core/rollout/among',
      'admitsAmong',
      "if (record.rejected.includes(digest)) return { allowed: false, why: 'rejected' };",
      '',
      [AMONG, RECORDS],
    ],
    [
      'a lost record holds back what names a digest',
      'core/rollout/among',
      'admitsNamed',
      "lost ? { allowed: false, why: 'record' } : { allowed: true, digest: key }",
      'lost === undefined ? { allowed: false, why: "record" } : { allowed: true, digest: key }',
      [AMONG, RECORDS],
    ],
    [
      'what was approved before is not taken early',
      'core/rollout/among',
      'staleKeys',
      '...(early ? [digest] : [])',
      '...(early && digest === "" ? [digest] : [])',
      [AMONG, BACK],
    ],
    [
      'rejected keys leave the list',
      'core/rollout/among',
      'staleKeys',
      '...keysToDrop(record, candidate), ',
      '',
      [AMONG, BACK],
    ],
    [
      'what is rejected is not adopted',
      'core/rollout/admits',
      'admitsAt',
      "rejected.includes(live) ? wait('rejected') : allow(live)",
      'allow(live)',
      ['test/unit/core/rollout/admits.test.ts', BACK],
    ],
    ['who waits is approved nothing', 'core/decide', 'decide', '|| waits ||', '||', [STAGED]],
    [
      'a record brings back what a rule denies',
      'core/decide',
      'decide',
      'const movedBack = ordered && isMovedBack(',
      'const movedBack = isMovedBack(',
      [BACK],
    ],
    [
      'what came past the stages is not approved',
      'core/decide',
      'verifiedLiveKey',
      'admission === undefined && others',
      'others',
      [BACK],
    ],
    [
      'an approval that cannot become live is no failure',
      'core/observe',
      'observeRunning',
      'pending && !comes ? undefined : observed',
      'observed',
      [JUDGED],
    ],
    [
      'what runs badly keeps its phase',
      'core/observe',
      'observeStaged',
      "if (running !== undefined && running.phase !== 'Synced') return running;",
      '',
      [JUDGED, BACK],
    ],
    [
      'a pin that strays is reported while it waits',
      'core/pin',
      'explainStrayed',
      'return wanted && explainHeld(',
      "return wanted && key === '' ? undefined : undefined; explainHeld(",
      [JUDGED],
    ],
    [
      'another writer is faster: records are read again',
      'reconcile/admission',
      'createAdmissions',
      'const known = afresh ? undefined : read.get(repository);',
      'const known = read.get(repository);',
      [RECORDS],
    ],
    [
      'records are read once a look',
      'reconcile/admission',
      'createAdmissions',
      'read.set(repository, asked);',
      '',
      [RECORDS],
    ],
    [
      'a hold is honoured',
      'reconcile/admission',
      'candidateOf',
      'held: hold !== undefined',
      'held: hold?.facts !== undefined',
      [STAGED],
    ],
    [
      '17: the policy of the stage is asked as well',
      'reconcile/admission',
      'isSigned',
      "return verdict.status === 'verified';",
      "return verdict.status !== 'unusable';",
      [JUDGED, RECORDS],
    ],
    [
      'an index that is no parent proves nothing',
      'reconcile/resolve-key',
      'findImage',
      'if (isOf(ofIndex, key)) return ofIndex;',
      'return { ...ofIndex, image: { status: "resolved", digest: key, index: noted } };',
      [JUDGED],
    ],
    [
      'a record names no chart of another source',
      'reconcile/resolve-key',
      'findChart',
      'approvalKey(rsync.source, version) === key ? referenceOfKey(key) : undefined',
      'referenceOfKey(key)',
      [JUDGED],
    ],
    [
      'no digest is approved ahead past a stage',
      'reconcile/approve-digest-ahead',
      'approveDigestAhead',
      'why === undefined && digest === key ?',
      "why !== 'rejected' ?",
      [RECORDS],
    ],
    [
      'records that cannot be read delay no other RSync',
      'reconcile/admission',
      'unreadable',
      "'records-unavailable'",
      "'store-unavailable'",
      [STAGED],
    ],
  ] as const
).map(([name, file, where, find, replace, tests]) => ({
  guarantee: `stages, ${name}`,
  file: `shared/${file}.ts`,
  in: where,
  find,
  replace,
  tests,
}));
