import type { Mutation } from './mutations.ts';

const TELEMETRY = ['test/unit/telemetry'];
const EDGE = ['test/unit/http'];

/** What telemetry promises, to operators who read it and to those who do not. */
export const TELEMETRY_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'law 9: a collector gets no token of Countersign',
    file: 'shared/telemetry/send-spans.ts',
    in: 'takesGoogleToken',
    find: "protocol === 'https:' && host === GOOGLE_HOST",
    replace: 'host.startsWith(GOOGLE_HOST)',
    tests: TELEMETRY,
  },
  {
    guarantee: 'a collector that is gone fails no request',
    file: 'shared/telemetry/open-telemetry.ts',
    in: 'createFlush',
    find: 'if (!isKnown) onFailure(error);',
    replace: 'throw error;',
    tests: TELEMETRY,
  },
  {
    guarantee: 'a collector that is gone slows down one request, and not all',
    file: 'shared/telemetry/open-telemetry.ts',
    in: 'createFlush',
    find: 'quietUntil = now() + quietMs;',
    replace: '',
    tests: TELEMETRY,
  },
  {
    guarantee: 'a collector that never answers is not waited for',
    file: 'shared/telemetry/open-telemetry.ts',
    in: 'createFlush',
    find: 'await within(limitMs, flush, () => {',
    replace: 'await within(60_000, flush, () => {',
    tests: TELEMETRY,
  },
  {
    guarantee: 'spans are sent before the answer',
    file: 'shared/http/app.ts',
    in: 'createApp',
    find: 'await flush?.();',
    replace: 'void flush?.();',
    tests: TELEMETRY,
  },
  {
    guarantee: 'a message belongs to the trace of its publisher',
    file: 'shared/http/with-message.ts',
    in: 'traceMessage',
    find: 'tracing.within(publisher,',
    replace: 'tracing.within(undefined,',
    tests: TELEMETRY,
  },
  {
    guarantee: 'a replay goes on with the trace of what was given up',
    file: 'shared/status/dead-letter.ts',
    in: 'encodeDeadLetter',
    find: 'googclient_traceparent: message?.traceparent,',
    replace: '',
    tests: TELEMETRY,
  },
  {
    guarantee: 'no path with a secret in it is in a span',
    file: 'shared/http/app.ts',
    in: 'traceRequest',
    find: 'routePath(c, -1)',
    replace: 'c.req.path',
    tests: TELEMETRY,
  },
  {
    guarantee: 'what others say in an error is in no span',
    file: 'shared/telemetry/otel-tracing.ts',
    in: 'createOtelTracing',
    find: 'toFailure(error).code',
    replace: 'String(error)',
    tests: TELEMETRY,
  },
  {
    guarantee: 'a bug is in Error Reporting whatever its severity',
    file: 'shared/http/log.ts',
    in: 'describeError',
    find: "'@type': REPORTED,",
    replace: '',
    tests: EDGE,
  },
  {
    guarantee: 'what could not be given up is counted as a retry',
    file: 'shared/http/with-message.ts',
    in: 'settle',
    find: 'await publish();\n    ending.counts.given_up(failure);',
    replace: 'ending.counts.given_up(failure);\n    await publish();',
    tests: TELEMETRY,
  },
  {
    guarantee: 'an approval is measured from its push, not from its task',
    file: 'functions/cluster/handle-task.ts',
    in: 'timeApprovals',
    find: '? publishTime : published',
    replace: '? published : publishTime',
    tests: TELEMETRY,
  },
];
