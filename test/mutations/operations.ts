import type { Mutation } from './mutations.ts';

const STORE = ['test/unit/store'];
const LETTERS = ['test/service/dead-letters.test.ts'];
const ALERTS = ['test/service/alerts.test.ts', 'test/unit/infra/examples'];

/** What keeps the store on Firestore, the replay of dead letters and the alerts honest. */
export const OPERATION_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'law 9: no token for an emulator of Firestore',
    file: 'shared/net/firestore.ts',
    in: 'createDocuments',
    find: 'emulatorHost === undefined ? { googleToken, trusts: trustsOrigin(ENDPOINT) } : undefined',
    replace: '{ googleToken, trusts: () => true }',
    tests: STORE,
  },
  {
    guarantee: 'law 6: the later start wins, whichever writes last',
    file: 'shared/store/firestore-clusters.ts',
    in: 'createClusterStore',
    find: '{ path, fields, expireAt, when: unchanged(head) }',
    replace: '{ path, fields, expireAt }',
    tests: STORE,
  },
  {
    guarantee: 'law 6: what cannot be read counts as absent',
    file: 'shared/store/firestore-records.ts',
    in: 'unpackRecord',
    find: '{ maxOutputLength: MAX_RECORD_BYTES }',
    replace: '{}',
    tests: STORE,
  },
  {
    guarantee: 'a store that is throttled is asked again',
    file: 'shared/net/google-rest.ts',
    in: 'readRefusal',
    find: '[401, 408, 429]',
    replace: '[401, 408]',
    tests: STORE,
  },
  {
    guarantee: 'law 1: a letter is taken off only once it is published',
    file: 'functions/cli/letters/settle-letter.ts',
    in: 'settleLetter',
    find: "if (verb === 'replay' && topic !== undefined) await letter.publish(topic);\n    await letter.acknowledge();",
    replace:
      "await letter.acknowledge();\n    if (verb === 'replay' && topic !== undefined) await letter.publish(topic);",
    tests: LETTERS,
  },
  {
    guarantee: 'law 7: a letter cannot say where it is replayed to',
    file: 'functions/cli/letters/settle-letter.ts',
    in: 'createOrigins',
    find: 'if (ours.has(topic) || name.id === REGISTRY_TOPIC)',
    replace: 'if (topic !== "")',
    tests: LETTERS,
  },
  {
    guarantee: 'no letter is taken off a subscription that is not for it',
    file: 'functions/cli/letters/settle-letters.ts',
    in: 'chooseSubscription',
    find: 'facts?.topic === topics.deadLetters && facts.pulled',
    replace: 'facts?.pulled === true',
    tests: LETTERS,
  },
  {
    guarantee: 'what others sent does not rule a terminal',
    file: 'functions/cli/output/line.ts',
    in: 'renderLine',
    find: 'const clean = at === last ? cleanLine(text).trimEnd() : cleanLine(text);',
    replace: 'const clean = text;',
    tests: LETTERS,
  },
  {
    guarantee: 'an event is acknowledged only once its alert is accepted',
    file: 'infra/examples/alerts/alert-desk.ts',
    in: 'createAlertDesk',
    find: 'await Promise.all(take(event, meaning).map(wait));',
    replace: 'void Promise.all(take(event, meaning).map(wait)).catch(() => undefined);',
    tests: ALERTS,
  },
  {
    guarantee: 'an outage is one alert',
    file: 'infra/examples/alerts/event.ts',
    in: 'classify',
    find: "name === 'cluster' ? name : `${name} ${about}`",
    replace: 'member',
    tests: ALERTS,
  },
  {
    guarantee: 'an older event does not undo a newer one',
    file: 'infra/examples/alerts/alert-desk.ts',
    in: 'createAlertDesk',
    find: 'if (event.at < (lastAt.get(member) ?? 0)) return [];',
    replace: '',
    tests: ALERTS,
  },
  {
    guarantee: 'an alert leads to its section of the runbook',
    file: 'infra/examples/alerts/next-step.ts',
    in: 'nextStepOf',
    find: "SECTIONS[event.type] ?? 'before-anything-else'",
    replace: "'before-anything-else'",
    tests: ALERTS,
  },
];
