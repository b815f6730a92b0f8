import * as z from 'zod';
import { beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { Trace } from '#shared/core/tracing.ts';
import { createLogger } from '#shared/http/log.ts';
import type { Log } from '#shared/http/log.ts';
import { redactText } from '#shared/http/redact.ts';

let text: string[];
let log: Log;
beforeEach(() => {
  text = [];
  const stream = { write: (written: string) => void text.push(written) };
  log = createLogger({ level: 'debug', service: 'push', revision: 'push-7', stream });
});

function line(): Record<string, unknown> {
  expect(text).toHaveLength(1);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text[0] ?? ''));
}

const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(20)}.${'b'.repeat(20)}`;

describe('createLogger()', () => {
  it.each([
    ['debug', 'DEBUG'],
    ['info', 'INFO'],
    ['warn', 'WARNING'],
    ['error', 'ERROR'],
  ] as const)('writes %s as severity %s, with message, time and labels', (level, severity) => {
    log[level]({ clusters: 3 }, 'Clusters tasked');
    const { time, ...rest } = line();
    expect(Date.parse(String(time))).not.toBeNaN();
    expect(rest).toEqual({
      severity,
      message: 'Clusters tasked',
      clusters: 3,
      'logging.googleapis.com/labels': { function: 'push' },
    });
  });

  it('writes one line for every reader, whatever others wrote into its fields', () => {
    const foreign = 'a\u2028b\u2029c\u0085d\u001b[2Je\u202ef\u009bg\u200bh\ud83d';
    log.child({ foreign }).warn({ problem: foreign, error: new Error(foreign) }, 'Odd');
    expect(line()).toMatchObject({ foreign, problem: foreign });
    expect(text[0]).toMatch(/^[\x20-\x7e]+\n$/);
  });

  it('writes nothing below its level', () => {
    const quiet = createLogger({
      level: 'warn',
      service: 'x',
      stream: { write: (l) => text.push(l) },
    });
    quiet.info({}, 'unheard');
    expect(text).toEqual([]);
  });

  it('explains a CountersignError by its code and causes, without a stack', () => {
    const cause = new Error('connect ECONNREFUSED');
    log.warn({ error: new CountersignError('publish-failed', 'Topic', { cause }) }, 'Failed');
    const logged = line();
    expect(logged).toMatchObject({ code: 'publish-failed', retry: true, error: 'Topic' });
    expect(logged.causes).toEqual(['Error: connect ECONNREFUSED']);
    expect(logged).not.toHaveProperty('stack_trace');
    expect(logged).not.toHaveProperty('@type');
  });

  it('raises an unexpected failure with stack and service in Error Reporting', () => {
    log.error({ error: new TypeError('x is undefined') }, 'Failed');
    const logged = line();
    expect(logged).toMatchObject({
      code: 'internal',
      causes: ['TypeError: x is undefined'],
      serviceContext: { service: 'push', version: 'push-7' },
    });
    expect(logged.stack_trace).toMatch(/^TypeError: x is undefined\n +at /);
    // Whatever its severity: a bug whose message is retried is logged as a warning.
    expect(logged['@type']).toBe(
      'type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent',
    );
  });

  it.each([
    ['authorization', { authorization: 'SECRET' }],
    ['a header of a request', { request: { headers: { authorization: 'SECRET' } } }],
    ['a cookie', { headers: { 'set-cookie': 'SECRET' } }],
    ["IAP's assertion", { headers: { 'x-goog-iap-jwt-assertion': 'SECRET' } }],
    ['a token', { answer: { access_token: 'SECRET', idToken: 'SECRET' } }],
    ['a private key', { credentials: { private_key: 'SECRET' } }],
    ['a password', { password: 'SECRET' }],
    ['a token in a list', { answers: [{ token: 'SECRET' }] }],
  ])('hides %s', (_case, fields) => {
    log.info(fields, 'Line');
    expect(text.join('')).not.toContain('SECRET');
    expect(text.join('')).toContain('[redacted]');
  });

  it("leaves fields without secrets as they are, and the caller's own untouched", () => {
    const at = new Date(0);
    const fields = { at, nested: { token: 'SECRET', list: [1, { two: 2 }] } };
    log.info(fields, 'Line');
    expect(line()).toMatchObject({ at: at.toISOString(), nested: { list: [1, { two: 2 }] } });
    expect(fields.nested.token).toBe('SECRET');
  });

  it('hides secrets in fields of a child', () => {
    log.child({ token: 'SECRET' }).info({}, 'Line');
    expect(text.join('')).not.toContain('SECRET');
  });

  it('hides tokens that a library put into its error', () => {
    const cause = new Error(`Wrong recipient, payload audience: ${TOKEN}`);
    log.error({ error: cause }, 'Failed');
    expect(text.join('')).not.toContain('aaaaaaaa');
    log.warn({ error: new CountersignError('internal', `Bearer ${TOKEN}`, { cause }) }, 'Failed');
    expect(text.join('')).not.toContain('aaaaaaaa');
  });

  it.each([
    ['a cycle', cyclic()],
    ['something that is no error', { code: 1 }],
    ['text', 'just text'],
    ['nothing', undefined],
  ])('survives %s thrown as an error', (_case, error) => {
    log.error({ error }, 'Failed');
    expect(line().code).toBe('internal');
  });
});

describe('a line of a trace', () => {
  const trace: Trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  let current: Trace | undefined;
  function traced(projectId?: string): Log {
    const stream = { write: (written: string) => void text.push(written) };
    return createLogger({
      level: 'debug',
      service: 'push',
      stream,
      trace: () => current,
      ...(projectId === undefined ? {} : { projectId }),
    });
  }

  it('is grouped with the others in Cloud Logging, children included', () => {
    const child = traced('p').child({ messageId: '1' });
    current = trace;
    child.info({}, 'Line');
    expect(line()).toMatchObject({
      messageId: '1',
      'logging.googleapis.com/trace': `projects/p/traces/${trace.traceId}`,
      'logging.googleapis.com/spanId': trace.spanId,
      'logging.googleapis.com/trace_sampled': true,
    });
  });

  it('has the bare id where no project is known', () => {
    current = { ...trace, sampled: false };
    traced().info({}, 'Line');
    expect(line()).toMatchObject({
      'logging.googleapis.com/trace': trace.traceId,
      'logging.googleapis.com/trace_sampled': false,
    });
  });

  it('says nothing of a trace outside of one', () => {
    current = undefined;
    traced('p').info({}, 'Line');
    expect(Object.keys(line()).filter((name) => name.includes('trace'))).toEqual([]);
  });
});

describe('redactText()', () => {
  it.each([
    ['a token', `token ${TOKEN} refused`, 'token [redacted] refused'],
    ['an access token', 'ya29.a0Af_x-y z', '[redacted] z'],
    ['an authorization value', 'Authorization: Bearer abc.def', 'Authorization: [redacted]'],
    ['basic credentials', 'basic dXNlcjpwYXNz', '[redacted]'],
    ['a password in a URL', 'https://u:p@host/x', 'https://[redacted]@host/x'],
    ['harmless text', 'us-docker.pkg.dev/p/r/i@sha256:aa', 'us-docker.pkg.dev/p/r/i@sha256:aa'],
  ])('treats %s', (_case, before, after) => {
    expect(redactText(before)).toBe(after);
  });

  it('hides a private key', () => {
    const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----';
    expect(redactText(`key ${pem}`)).toBe('key [redacted]');
  });
});

function cyclic(): Error {
  const error = new Error('round');
  error.cause = error;
  return error;
}
