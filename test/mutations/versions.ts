import type { Mutation } from './mutations.ts';

const CORE = 'test/unit/core/track';
const PROPERTIES = [`${CORE}/choose-properties.test.ts`];
const REPORTED = [`${CORE}/reported-cases.test.ts`];
const RANGES = [`${CORE}/range.test.ts`];
const SETTLE = [`${CORE}/settle.test.ts`];
const AT_ONCE = ['test/unit/functions/track/at-once.test.ts'];
const IN_STAGES = ['test/unit/functions/track/in-stages.test.ts'];
const WAITS = ['test/unit/functions/track/waits.test.ts'];
const LISTS = ['test/unit/registry/list-tags.test.ts'];

/** Versions that are followed in place of a tag. */
export const VERSION_MUTATIONS: readonly Mutation[] = (
  [
    [
      'nothing lower is taken',
      'core/track/choose',
      'choose',
      "if (order < 0) return mayGoDown ? { status: 'take', groups, down: true } : stay('lower', best);",
      '',
      PROPERTIES,
    ],
    [
      'a listing that is cut decides nothing',
      'core/track/choose',
      'choose',
      "if (!listed.complete) return stay('cut');",
      '',
      [...PROPERTIES, ...REPORTED],
    ],
    [
      'the order of a listing changes nothing',
      'core/track/shortlist',
      'inOrder',
      'if (byForm !== 0) return byForm;\n  return a.tag < b.tag ? -1 : 1;',
      'return byForm;',
      PROPERTIES,
    ],
    [
      'numbers of any length are told apart',
      'core/track/tracker',
      'compareNumbers',
      'return left.length - right.length || compareTexts(left, right);',
      'return Number(left) - Number(right);',
      REPORTED,
    ],
    [
      'two digests of one version are not guessed between',
      'core/track/choose',
      'settle',
      'if (others.length === 0 && !isTaken) return first;',
      'return first;',
      SETTLE,
    ],
    [
      'pre-releases of a bound are left out',
      'core/track/range',
      'readRange',
      'includePrerelease ? withoutPrereleasesOfBounds(range) : range',
      'range',
      RANGES,
    ],
    [
      'a comma is refused with the fix',
      'core/track/range',
      'findDialectProblem',
      "if (text.includes(','))",
      "if (text === ',')",
      RANGES,
    ],
    [
      'what was taken is in the receipt',
      'core/approve',
      'receiptOf',
      'version: release?.version,',
      '',
      AT_ONCE,
    ],
    [
      'a version is pinned without a tag',
      'core/pin',
      'wantedOf',
      'isVersion ? withoutTag(name) : name',
      'name',
      AT_ONCE,
    ],
    [
      'a newcomer takes no lower version than the fleet',
      'reconcile/locate-version',
      'takenOf',
      "rule.downgrade === 'deny' ? note?.floor : undefined",
      'undefined',
      AT_ONCE,
    ],
    [
      'a receipt that one cluster forges moves no other',
      'functions/sweep/list-streams',
      'floorOf',
      'const highest = highestOf(known,',
      'known.push(...taken);\n  const highest = highestOf(known,',
      ['test/unit/functions/track/forged-receipt.test.ts'],
    ],
    [
      'the tag of a version that moved back is held',
      'core/decide',
      'isMovedBack',
      'if (tracked !== undefined && tracked.release?.version !== facts?.version) return false;',
      'if (tracked !== undefined) return false;',
      AT_ONCE,
    ],
    [
      'the best that is not verified is waited for',
      'reconcile/pick-version',
      'pickVersion',
      'if (!skips || (await verifies(release)))',
      'if (await verifies(release))',
      AT_ONCE,
    ],
    [
      'another range lists anew',
      'reconcile/locate-version',
      'locateVersion',
      'found?.track === trackText(rule) ? found : undefined',
      'found',
      AT_ONCE,
    ],
    [
      'what hangs takes no time of others',
      'functions/sweep/list-streams',
      'listStreams',
      'rotate(due, now())',
      'due',
      ['test/unit/functions/sweep/list-streams.test.ts'],
    ],
    [
      'what versions wait for is published once',
      'functions/sweep/remind-wait',
      'remindWait',
      'if (before?.waits === cause) return cause;',
      '',
      WAITS,
    ],
    [
      'a version that is gone is published',
      'functions/sweep/remind-wait',
      'findWait',
      "if (choice.status === 'keep') {",
      "if (choice.status === 'keep' && choice.why === 'cut') {",
      WAITS,
    ],
    [
      'an ambiguous version is published',
      'functions/sweep/remind-wait',
      'findWait',
      "if (picked.status !== 'ambiguous') return undefined;",
      'return undefined;',
      WAITS,
    ],
    [
      'one listing in each period',
      'functions/sweep/list-streams',
      'isDue',
      'return now.getTime() - timeOf(note) >= periodMs;',
      'return true;',
      AT_ONCE,
    ],
    [
      'a lower version tasks no cluster',
      'functions/push/drop-unfollowed',
      'isLower',
      'return best !== undefined && (compare(version, best.version) ?? 0) < 0;',
      'return false;',
      AT_ONCE,
    ],
    [
      'a rollback holds against what lies between',
      'core/rollout/ratchet',
      'floorOf',
      'const all = [...Object.values(releases),',
      'const all = [',
      IN_STAGES,
    ],
    [
      'a record keeps the versions of what it rejected',
      'core/rollout/named-keys',
      'namedIn',
      'passedOver, ...rejected])]',
      'passedOver])]',
      IN_STAGES,
    ],
    [
      'Artifact Registry says where there are more tags',
      'registry/artifact-tags',
      'createArtifactTags',
      'return { complete: false };',
      'return { complete: true };',
      LISTS,
    ],
  ] as const
).map(([guarantee, file, name, find, replace, tests]) => ({
  guarantee: `versions, ${guarantee}`,
  file: file.startsWith('functions/') ? `${file}.ts` : `shared/${file}.ts`,
  in: name,
  find,
  replace,
  tests,
}));
