import { describe, expect, it } from 'vitest';
import type { FailureCode } from '#shared/core/errors.ts';
import type { Verb } from '#shared/fleet/pace.ts';
import { isObjectAbsent, isPathAbsent, readFailure } from '#shared/fleet/read-failure.ts';
import type { Answer } from '#shared/fleet/transport.ts';

/** What an API server answers (meta/v1 Status). */
function status(code: number, message: string, name?: string): Answer {
  const details = name === undefined ? {} : { details: { name } };
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message, ...details };
  return { status: code, headers: {}, text: JSON.stringify(body) };
}

/** What a Google front end answers. */
function google(code: number, text: string, message: string): Answer {
  const body = { error: { code, status: text, message } };
  return { status: code, headers: {}, text: JSON.stringify(body) };
}

function plain(code: number, text: string): Answer {
  return { status: code, headers: { 'content-type': 'text/plain' }, text };
}

const RBAC =
  'rootsyncs.configsync.gke.io is forbidden: User "cs@p.iam.gserviceaccount.com" cannot list resource "rootsyncs" in API group "configsync.gke.io" at the cluster scope';
const IMPERSONATE =
  'users "cs@p.iam.gserviceaccount.com" is forbidden: User "system:serviceaccount:gke-connect:connect-agent-sa" cannot impersonate resource "users" in API group "" at the cluster scope';
const WEBHOOK = 'admission webhook "v.example.com" denied the request: no signatures found';
const POLICY =
  "rootsyncs.configsync.gke.io \"root-sync\" is forbidden: ValidatingAdmissionPolicy 'gate' with binding 'gate' denied request: not approved";
const DOWN =
  'Internal error occurred: failed calling webhook "v.example.com": connect: connection refused';
/** Connect Gateway's, of clusters that are attached (github.com/argoproj/argo-cd/issues/17900). */
const NO_AGENT =
  'cannot connect to agent or connection unexpectedly terminated; please check that the agent is running';
const LOST = 'Connection unexpectedly terminated';

describe('readFailure()', () => {
  it.each<[FailureCode, boolean, string, Verb, Answer]>([
    ['cluster-forbidden', false, '401 of the cluster', 'list', status(401, 'Unauthorized')],
    ['cluster-forbidden', false, '401 of Google', 'list', google(401, 'UNAUTHENTICATED', 'x')],
    ['cluster-forbidden', false, '401 without a body', 'patch', plain(401, '')],
    ['cluster-forbidden', false, 'RBAC, on a list', 'list', status(403, RBAC)],
    ['cluster-forbidden', false, 'RBAC, on a patch', 'patch', status(403, RBAC)],
    ['cluster-forbidden', false, 'impersonation refused', 'patch', status(403, IMPERSONATE)],
    ['cluster-forbidden', false, 'IAM', 'patch', google(403, 'PERMISSION_DENIED', 'x')],
    ['cluster-forbidden', false, '403 of something else', 'patch', plain(403, '<html>no</html>')],
    ['cluster-refused', false, 'a webhook that says 403', 'patch', status(403, WEBHOOK)],
    ['cluster-refused', false, 'a webhook that says 400', 'patch', status(400, WEBHOOK)],
    ['cluster-refused', false, 'a policy that says 403', 'patch', status(403, POLICY)],
    ['cluster-refused', false, 'a policy that says 422', 'patch', status(422, POLICY)],
    ['cluster-refused', true, 'a webhook that is down', 'patch', status(500, DOWN)],
    ['no-config-sync', false, 'no such path', 'list', plain(404, '404 page not found')],
    ['cluster-unreachable', false, "a front end's page", 'list', plain(404, '<html>no</html>')],
    ['cluster-unreachable', true, 'an agent that is away', 'list', status(404, NO_AGENT)],
    [
      'cluster-unreachable',
      true,
      'an agent that is away, by name',
      'patch',
      status(404, LOST, 'm'),
    ],
    ['no-config-sync', false, 'no such resource', 'list', status(404, 'the server could not find')],
    [
      'no-config-sync',
      false,
      'no such path, on a patch',
      'patch',
      plain(404, '404 page not found'),
    ],
    [
      'cluster-conflict',
      true,
      'the object is gone',
      'patch',
      status(404, 'not found', 'root-sync'),
    ],
    ['cluster-unreachable', false, 'no such membership', 'list', google(404, 'NOT_FOUND', 'x')],
    ['cluster-conflict', true, 'a stale version', 'patch', status(409, 'modified', 'root-sync')],
    ['cluster-conflict', true, 'a stale page', 'list', status(410, 'continue token expired')],
    ['cluster-unreachable', true, 'a busy cluster', 'list', status(429, 'too many requests')],
    ['fleet-unavailable', true, 'quota', 'list', google(429, 'RESOURCE_EXHAUSTED', 'x')],
    ['cluster-unreachable', true, 'a server error', 'list', status(500, 'etcdserver: timeout')],
    ['cluster-unreachable', true, 'no agent behind the gateway', 'list', google(504, 'X', 'x')],
    ['cluster-unreachable', false, 'a redirect', 'patch', plain(302, '')],
    ['cluster-unreachable', false, 'http on an https port', 'list', plain(400, 'Client sent HTTP')],
  ])('says %s (retry %s) of %s', (code, retry, _, verb, answer) => {
    expect(readFailure(answer, verb, 'c1')).toMatchObject({ code, retry });
  });

  it.each([
    [
      'IAM',
      google(403, 'PERMISSION_DENIED', 'Permission gkehub.gateway.get denied'),
      /^IAM .*gateway\.get/,
    ],
    ['RBAC', status(403, RBAC), /^RBAC .*cannot list/],
  ])('names %s', (_, answer, message) => {
    expect(readFailure(answer, 'list', 'c1').message).toMatch(message);
  });

  it("carries the API server's own words, in one line of bounded length", () => {
    const { message } = readFailure(
      status(422, `denied:\n\tuse \u001b[1m${'x'.repeat(5_000)}`),
      'patch',
      'c1',
    );
    expect(message).toContain('denied: use [1mxxx');
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(1_100);
  });

  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7_000],
    [
      'a date',
      { 'retry-after': 'Sun, 22 Nov 2026 05:00:30 GMT', date: 'Sun, 22 Nov 2026 05:00:00 GMT' },
      30_000,
    ],
    [
      'a date that is over',
      { 'retry-after': 'Sun, 22 Nov 2026 04:00:00 GMT', date: 'Sun, 22 Nov 2026 05:00:00 GMT' },
      0,
    ],
    ['a date without a clock', { 'retry-after': 'Sun, 22 Nov 2026 05:00:30 GMT' }, undefined],
    ['nonsense', { 'retry-after': '-1' }, undefined],
    ['nothing', {}, undefined],
  ])('reads Retry-After as %s', (_, headers, retryAfterMs) => {
    expect(readFailure({ ...status(429, 'busy'), headers }, 'list', 'c1').retryAfterMs).toBe(
      retryAfterMs,
    );
  });
});

describe('a 404 that is an answer', () => {
  it.each<[string, Answer, boolean, boolean]>([
    ['names the object', status(404, 'not found', 'root-sync'), true, true],
    ['names no object', status(404, 'could not find the resource'), false, true],
    ['is the path', plain(404, '404 page not found'), false, true],
    ['is of Connect Gateway', status(404, NO_AGENT), false, false],
    ['is of Connect Gateway, with a name', status(404, NO_AGENT, 'membership'), false, false],
    ['is of Google', google(404, 'NOT_FOUND', 'no membership'), false, false],
    ['is none', status(403, 'no', 'root-sync'), false, false],
  ])('%s', (_, answer, object, path) => {
    expect([isObjectAbsent(answer), isPathAbsent(answer)]).toEqual([object, path]);
  });
});
