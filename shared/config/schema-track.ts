import * as z from 'zod';
import { groupsOf } from '#shared/core/track/pattern.ts';
import { readRange } from '#shared/core/track/range.ts';
import { TAG_ORDERS, type VersionTrack } from '#shared/core/track/track.ts';
import { type Check, fieldOf, finding, withOneOf } from './check.ts';
import { MAX_PATTERN } from './limits.ts';
import { findAnchorProblem } from './subject-pattern.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

const tag = z
  .string()
  .regex(TAG, 'Is not a tag')
  .meta({ description: 'The tag to follow', examples: ['v1'] });

const versions = withOneOf(
  z.strictObject({
    semver: z
      .string()
      .exactOptional()
      .meta({
        description:
          'Range of semantic versions, in the syntax of Helm and Flux: the highest one is followed',
        examples: ['1.x'],
      }),
    prereleases: z
      .boolean()
      .exactOptional()
      .describe('With semver: whether pre-releases count (default: false)'),
    filter: z
      .string()
      .max(MAX_PATTERN)
      .exactOptional()
      .meta({
        description:
          'With semver: RE2 pattern of the tags that count, from ^ to $; its named group, if any, is the version',
        examples: ['^app-(?<version>.+)$'],
      }),
    pattern: z
      .string()
      .max(MAX_PATTERN)
      .exactOptional()
      .meta({
        description:
          'RE2 pattern of the tags that count, from ^ to $; its one named group is compared',
        examples: ['^main-[0-9a-f]+-(?<at>[0-9]+)$'],
      }),
    order: z
      .enum(TAG_ORDERS)
      .exactOptional()
      .describe(
        'With pattern, the highest value: numerical, alphabetical, or newest by its time in the registry',
      ),
  }),
  ['semver', 'pattern'],
  'Versions to follow: exactly one of semver and pattern',
)
  .superRefine(finding(checkVersions))
  // In the words of JSON Schema, for editors.
  .meta({ dependentRequired: { pattern: ['order'] } });

/** The tag, or the versions, that an entry follows. */
export const trackSchema = z.union([tag, versions]).meta({
  description: 'With effect pin: the tag or versions to follow (default: the tag the image had)',
  examples: ['v1'],
});

/** What is followed, with what a range asks for by itself written out. */
export function readTrack(track: z.infer<typeof trackSchema>): string | VersionTrack {
  if (typeof track === 'string') return track;
  const { semver = '', prereleases, filter, pattern, order = 'alphabetical' } = track;
  if (pattern !== undefined) return { pattern, order };
  const range = readRange(semver, { prereleases });
  const isAsked = 'includes' in range && range.prereleases;
  return { semver, prereleases: isAsked, ...(filter !== undefined && { filter }) };
}

function* checkVersions(value: unknown): ReturnType<Check> {
  const semver = fieldOf(value, 'semver');
  const prereleases = fieldOf(value, 'prereleases');
  if (typeof semver === 'string') {
    const asked = typeof prereleases === 'boolean' ? prereleases : undefined;
    const range = readRange(semver, { prereleases: asked });
    if ('problem' in range) yield { path: ['semver'], kind: 'bad-value', ...range };
  }
  // Which of the two is meant is not known where neither, or each, is there.
  const pattern = fieldOf(value, 'pattern');
  if ((semver === undefined) === (pattern === undefined)) return;
  const [others, partner] =
    semver === undefined
      ? ([['prereleases', 'filter'], 'semver'] as const)
      : ([['order'], 'pattern'] as const);
  for (const key of others) {
    if (fieldOf(value, key) === undefined) continue;
    const problem = `Means nothing without ${partner}`;
    yield { path: [key], kind: 'conflict', problem, fix: 'Remove it' };
  }
  yield* checkFilter(fieldOf(value, 'filter'));
  yield* checkPattern(pattern, fieldOf(value, 'order'));
}

function* checkFilter(filter: unknown): ReturnType<Check> {
  if (typeof filter !== 'string') return;
  yield* checkAnchors('filter', filter);
  if (groupsOf(filter).length < 2) return;
  const problem = 'Has more than one named group';
  yield {
    path: ['filter'],
    kind: 'bad-value',
    problem,
    fix: 'Name the group of the version alone',
  };
}

function* checkPattern(pattern: unknown, order: unknown): ReturnType<Check> {
  if (typeof pattern !== 'string') return;
  yield* checkAnchors('pattern', pattern);
  if (order === undefined) {
    const fix = `Add order: ${TAG_ORDERS.join(', ')}`;
    yield { path: ['order'], kind: 'missing', problem: 'Is missing', fix };
    return;
  }
  const { length } = groupsOf(pattern);
  if (length === 1 || (order === 'newest' && length === 0)) return;
  const problem = length === 0 ? 'Has no named group' : 'Has more than one named group';
  const fix = 'Name the group of what is compared, as in ^main-(?<at>[0-9]+)$';
  yield { path: ['pattern'], kind: 'bad-value', problem, fix };
}

function* checkAnchors(key: string, pattern: string): ReturnType<Check> {
  const problem = findAnchorProblem(pattern);
  if (problem === undefined) return;
  const fix = 'Begin with "^" and end with "$", so that it is about the whole tag';
  yield { path: [key], kind: 'bad-value', problem, fix };
}
