import type { Mutation } from './mutations.ts';

const TALLY = 'test/unit/overview/tally-fleet.test.ts';
const NEWS = 'test/unit/overview/with-news.test.ts';
const API = 'test/service/api/overview.test.ts';
const PAGE = 'test/service/api/page.test.ts';
const STREAM = 'test/service/api/page-stream.test.ts';
const WEIGHT = 'test/service/api/page-weight.test.ts';

/** What the first screen must not miss, and what it must not cost. */
export const OVERVIEW_MUTATIONS: readonly Mutation[] = (
  [
    [
      'broken glass is a cause of its own',
      'shared/overview/causes.ts',
      'causesOf',
      "...(glass ? [aboutImage(row, 'break-glass', glass)] : []),",
      '',
      [TALLY],
    ],
    [
      'what is under break-glass is not well in its image, too',
      'shared/overview/tally-images.ts',
      'createImageTally',
      'isUnwell({ phase, breakGlass })',
      'isUnwell({ phase })',
      [TALLY],
    ],
    [
      'news counts what is under break-glass once',
      'shared/overview/with-news.ts',
      'change',
      '- unwellOf(image) +',
      '+',
      [NEWS],
    ],
    [
      'the worst find room',
      'shared/overview/group-causes.ts',
      'createGroups',
      '.toSorted(worstFirst)',
      '',
      [TALLY],
    ],
    [
      'causes are bounded, whatever tenants own',
      'shared/overview/group-causes.ts',
      'createGroups',
      'all.slice(0, MAX_CAUSES)',
      'all',
      [TALLY],
    ],
    [
      'a verdict that was published since the count is in it',
      'shared/overview/with-news.ts',
      'withNews',
      'Date.parse(trouble.since) > Date.parse(tally.at)',
      'false',
      [NEWS],
    ],
    [
      'what runs unapproved stays an emergency, whatever the verdict',
      'shared/overview/with-news.ts',
      'change',
      ' || isEmergency(one)',
      '',
      [NEWS],
    ],
    [
      'no request reads a large fleet',
      'functions/api/overview/read-tally.ts',
      'read',
      'noted !== undefined && noted.clusters > COUNTED_AT_ONCE',
      'false && noted !== undefined',
      [API],
    ],
    [
      'an old count is not taken for a well fleet',
      'functions/api/overview/read-overview.ts',
      'describe',
      '...silence(sweptAt, at),',
      '',
      [API],
    ],
    [
      'a cluster writes no command',
      'functions/api/overview/needs-of-causes.ts',
      'explain',
      'shellWord(example.cluster)',
      'example.cluster',
      [API],
    ],
    [
      'a first click does nothing',
      'functions/api/page/actions/mount-actions.ts',
      'mountActions',
      "if (step !== 'confirm') {",
      "if (step === 'never') {",
      [PAGE],
    ],
    [
      'nothing is done without the key of a dry run',
      'functions/api/page/actions/mount-actions.ts',
      'keyOf',
      'if (sent !== undefined) return sent;',
      "return sent ?? 'none';",
      [PAGE],
    ],
    [
      'a link puts no words on the page',
      'functions/api/page/actions/actions.ts',
      'sayDone',
      'return action?.label.toLowerCase();',
      'return action?.label.toLowerCase() ?? name;',
      [PAGE],
    ],
    [
      'an emergency is above everything else',
      'functions/api/page/layout.ts',
      'emergencies',
      "filter(({ severity }) => severity === 'emergency')",
      "filter(({ severity }) => severity === 'waiting')",
      [PAGE],
    ],
    [
      'streams of a person are few',
      'functions/api/page/live/streams.ts',
      'createStreams',
      'mine >= MAX_STREAMS_EACH',
      'mine < 0',
      [STREAM],
    ],
    [
      'HEAD takes no place of a stream',
      'functions/api/page/live/streams.ts',
      'createStreams',
      "c.req.method === 'HEAD'",
      "c.req.method === ''",
      [STREAM],
    ],
    [
      'a stream ends by itself',
      'functions/api/page/live/streams.ts',
      'createStreams',
      ' && now().getTime() < endsAt',
      '',
      [STREAM],
    ],
    [
      'the first screen is bounded',
      'functions/api/page/overview/matrix.ts',
      'imageMatrix',
      'images.slice(0, FIRST)',
      'images.concat(images)',
      [WEIGHT],
    ],
  ] as const
).map(([guarantee, file, name, find, replace, tests]) => ({
  guarantee: `overview: ${guarantee}`,
  file,
  in: name,
  find,
  replace,
  tests,
}));
