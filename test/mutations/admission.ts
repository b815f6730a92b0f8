import type { Mutation } from './mutations.ts';

const SERVICE = 'test/service/admission';
const WRITES = `${SERVICE}/writes.test.ts`;
const VERDICTS = `${SERVICE}/verdicts.test.ts`;
const OUTAGE = `${SERVICE}/outage.test.ts`;
const SETTINGS = `${SERVICE}/settings.test.ts`;
/** Not the generated reviews, which need a build. */
const HOSTILE = 'test/hostile/admission/';
const UNIT = 'test/unit/functions/admission';
const WIRING = 'test/unit/functions/wiring';

/** The faults of the sample webhook (docs/comparison.md#the-sample-webhook), and docs/adr/0013. */
export const ADMISSION_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'admission: nothing but verified is admitted',
    file: 'functions/admission/conclude.ts',
    in: 'concludeVerdict',
    find: "return refuse(\n        'unsigned',",
    replace: "return admit('verified', facts);\n      void refuse(\n        'unsigned',",
    tests: [VERDICTS],
  },
  {
    guarantee: 'admission: what cannot be checked is refused',
    file: 'functions/admission/conclude.ts',
    in: 'conclude',
    find: 'return refuseUnchecked(answer.failure.code, name, facts);',
    replace: "return admit('verified', facts);",
    tests: [OUTAGE],
  },
  {
    guarantee: 'admission: an annotation on CREATE is verified',
    file: 'functions/admission/classify.ts',
    in: 'readOld',
    find: "if (operation === 'CREATE' || oldObject === undefined",
    replace: 'if (oldObject === undefined',
    tests: [WRITES],
  },
  {
    guarantee: 'admission: subresources are no way around',
    file: 'functions/admission/classify.ts',
    in: 'isAboutSync',
    find: 'if (kind.group === GROUP && KINDS.has(kind.kind)) return true;',
    replace:
      'if (subResource) return false;\nif (kind.group === GROUP && KINDS.has(kind.kind)) return true;',
    tests: [WRITES],
  },
  {
    guarantee: 'admission: the old object decides what is being deleted',
    file: 'functions/admission/classify.ts',
    in: 'isFinalizing',
    find: 'const { deletionTimestamp, finalizers } = old.metadata;',
    replace: 'const { deletionTimestamp, finalizers } = object.metadata;',
    tests: [WRITES],
  },
  {
    guarantee: 'admission: the value is of the own spec',
    file: 'functions/admission/bind.ts',
    in: 'bindToSpec',
    find: 'if (read.source !== source.image)',
    replace: 'if (!read.source.startsWith(source.image.slice(0, 9)))',
    tests: [WRITES, UNIT],
  },
  {
    guarantee: 'admission: a pinned image leads to what is announced',
    file: 'functions/admission/find-verdict.ts',
    in: 'findImage',
    find: 'if (pulled.image.digest !== digest) return { verdict: notPulled(pinned) };',
    replace: '',
    tests: [VERDICTS],
  },
  {
    guarantee: 'admission: an index counts for its own child only',
    file: 'functions/admission/find-verdict.ts',
    in: 'findIndex',
    find: "image.status === 'resolved' && image.digest === digest && image.index",
    replace: "image.status === 'resolved' && image.index",
    tests: [VERDICTS],
  },
  {
    guarantee: 'admission: a chart is resolved each time',
    file: 'functions/admission/ask.ts',
    in: 'createAsk',
    find: "known?.stale === false && question.announced.type === 'image'",
    replace: 'known?.stale === false',
    tests: [VERDICTS],
  },
  {
    guarantee: 'admission: what no entry names is denied',
    file: 'functions/admission/judge-request.ts',
    in: 'judgeUnmatched',
    find: "if (unmatched === 'ignore') return admit('ignored', facts);",
    replace: "return admit('ignored', facts);",
    tests: [WRITES],
  },
  {
    guarantee: 'admission: downgrade: deny holds an old image',
    file: 'functions/admission/judge-request.ts',
    in: 'judgeMovedBack',
    find: "if (downgrade === 'warn') {",
    replace: "if (downgrade !== 'allow') {",
    tests: [SETTINGS],
  },
  {
    guarantee:
      'admission: a verdict is never 403, which Config Sync takes for a missing permission',
    file: 'functions/admission/answer.ts',
    in: 'INVALID',
    find: "{ code: 422, reason: 'Invalid' }",
    replace: "{ code: 403, reason: 'Forbidden' }",
    tests: [VERDICTS],
  },
  {
    guarantee: 'admission: the answer has the version of the question',
    file: 'functions/admission/answer.ts',
    in: 'answerReview',
    find: "return { apiVersion: version, kind: 'AdmissionReview', response };",
    replace: "return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };",
    tests: [VERDICTS],
  },
  {
    guarantee: 'admission: a good verdict does not outlive an outage for ever',
    file: 'functions/admission/ask.ts',
    in: 'createGoodVerdicts',
    find: 'if (age >= GOOD_FOR_MS + staleForMs) return undefined;',
    replace: '',
    tests: [OUTAGE, UNIT],
  },
  {
    guarantee: 'admission: a denied registry is no outage',
    file: 'functions/admission/ask.ts',
    in: 'fallBack',
    find: "if (answer.status !== 'failed' || !OUTAGES.has(answer.failure.code)) return answer;",
    replace: "if (answer.status !== 'failed') return answer;",
    tests: [OUTAGE],
  },
  {
    guarantee: 'admission: the answer is in time for the API server',
    file: 'functions/admission/create-admission.ts',
    in: 'deadlineOf',
    find: 'return Math.min(deadlineMs, waits - margin);',
    replace: 'return Math.min(deadlineMs, waits);',
    tests: [UNIT],
  },
  {
    guarantee: 'admission: many reviews of one digest make one look',
    file: 'functions/admission/ask.ts',
    in: 'createAsk',
    find: 'return share(key, () => look(key, question));',
    replace: 'return look(key, question);',
    tests: [UNIT],
  },
  {
    guarantee: 'admission: load is shed before it piles up',
    file: 'shared/http/shed-load.ts',
    in: 'createLanes',
    find: 'bulkhead(perKey, waiting)',
    replace: 'bulkhead(perKey, 1_000_000)',
    tests: [OUTAGE, 'test/unit/http/shed-load.test.ts'],
  },
  {
    guarantee: 'admission: deep nesting is found before it is parsed',
    file: 'functions/admission/read-review.ts',
    in: 'readReview',
    find: 'return readHead(bytes, `The review nests deeper than ${MAX_DEPTH} levels`);',
    replace: '',
    tests: [HOSTILE],
  },
  {
    guarantee: 'admission: a review that is cut off is answered under its uid',
    file: 'functions/admission/answer.ts',
    in: 'refuseBody',
    find: 'if (review === undefined) return undefined;',
    replace: 'if (review !== undefined) return undefined;',
    tests: [HOSTILE],
  },
  {
    guarantee: "admission: no registry's own words in an answer",
    file: 'functions/admission/conclude.ts',
    in: 'refuseUnchecked',
    find: '${name} could not be checked (${failure}): ${why}',
    replace: '${name} could not be checked (${failure}): ${why} ${performance.now()}',
    tests: [OUTAGE],
  },
  {
    guarantee: 'admission: strangers get no token, and lead nowhere private',
    file: 'functions/admission/public-registries.ts',
    in: 'createPublicRegistries',
    find: 'await guard(new URL(`https://${host}/`));',
    replace: '',
    tests: [WIRING],
  },
  {
    guarantee: 'admission: a short secret opens nothing',
    file: 'functions/admission/reviewers.ts',
    in: 'checkSecret',
    find: 'secret.length < MIN_SECRET',
    replace: "secret === ''",
    tests: [WIRING],
  },
  {
    guarantee: 'admission: an open door needs TLS or loopback',
    file: 'functions/admission/reviewers.ts',
    in: 'openCallers',
    find: 'requireLoopback(host);',
    replace: '',
    tests: [WIRING],
  },
];
