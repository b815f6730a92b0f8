import type { Mutation } from './mutations.ts';

const NET = ['test/unit/net'];

/** What the plumbing of every room keeps: bounds, one reading, and where a token goes. */
export const NET_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'law 9: a token goes only where it may',
    file: 'shared/net/google-rest.ts',
    in: 'authorizationFor',
    find: '!trusts(url)',
    replace: 'url.username.length > 100',
    tests: NET,
  },
  {
    guarantee: 'law 9: a token follows no redirect',
    file: 'shared/net/google-rest.ts',
    in: 'askGoogle',
    find: "redirect: 'error'",
    replace: "redirect: 'follow'",
    tests: NET,
  },
  {
    guarantee: 'a refusal shows no token',
    file: 'shared/net/google-rest.ts',
    in: 'askGoogle',
    find: "withoutSecrets(bytes.toString('utf8'), secretsIn(headers))",
    replace: "withoutSecrets(bytes.toString('utf8'), [])",
    tests: NET,
  },
  {
    guarantee: 'a body is bounded, whatever its length says',
    file: 'shared/net/read-body.ts',
    in: 'readStart',
    find: 'size + chunk.byteLength > maxBytes',
    replace: 'size + chunk.byteLength > maxBytes * 1_000',
    tests: NET,
  },
  {
    guarantee: 'bytes that are not UTF-8 are no text',
    file: 'shared/net/json.ts',
    in: 'decodeText',
    find: '{ fatal: true, ignoreBOM: true }',
    replace: '{ fatal: false, ignoreBOM: true }',
    tests: NET,
  },
  {
    guarantee: 'a key twice is refused',
    file: 'shared/net/strict-json.ts',
    in: 'findAmbiguity',
    find: "!add(keys, folding === 'fold' ? folded : key)",
    replace: "!add(new Set(keys), folding === 'fold' ? folded : key)",
    tests: NET,
  },
  {
    guarantee: 'a race leaves no timer',
    file: 'shared/net/within.ts',
    in: 'within',
    find: 'clearTimeout(timer);',
    replace: 'void timer;',
    tests: NET,
  },
  {
    guarantee: 'a flight that ended is over',
    file: 'shared/net/single-flight.ts',
    in: 'createSingleFlight',
    find: '.finally(() => underWay.delete(key))',
    replace: '.finally(() => underWay.has(key))',
    tests: NET,
  },
  {
    guarantee: 'an API that is disabled is not taken for a missing role',
    file: 'shared/net/google-rest.ts',
    in: 'readRefusal',
    find: 'enable: disabledApiFix(refusal)',
    replace: 'enable: undefined',
    tests: ['test/unit/net/google-hints.test.ts'],
  },
  {
    guarantee: 'no foreign text in a command that people paste',
    file: 'shared/net/google-disabled.ts',
    in: 'infoSchema',
    find: 'z.string().regex(new RegExp(`^${SERVICE}$`))',
    replace: 'z.string()',
    tests: ['test/unit/net/google-hints.test.ts'],
  },
];
