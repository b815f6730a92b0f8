import { describe, expect, it } from 'vitest';
import { createHelpers } from '#shared/registry/credential-helper.ts';
import { type AskHelper, credentialsFor } from '#shared/registry/docker-config.ts';
import type { Program, ProgramEnd } from '#shared/net/run-program.ts';
import { failureOf } from './scripted-registry.ts';

const auth = Buffer.from('ada:pass:word').toString('base64');
const ada = { username: 'ada', password: 'pass:word' };
const of = (name: string) => ({ auth: Buffer.from(`${name}:x`).toString('base64') });
const noHelper: AskHelper = () => Promise.reject(new Error('No helper is asked'));

/** Of a repository `host/path`. */
function find(repository: string, config: unknown, askHelper = noHelper) {
  const [host = '', ...path] = repository.split('/');
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  return credentialsFor({ host, path: path.join('/') }, text, askHelper);
}

describe('credentialsFor()', () => {
  it.each([
    ['ghcr.io/a/b', { auths: { 'ghcr.io': { auth } } }, ada],
    ['ghcr.io/a/b', { auths: { 'https://ghcr.io/v2/': { auth } } }, ada],
    ['ghcr.io/a/b', { auths: { 'https://GHCR.io:443': { auth } } }, ada],
    ['index.docker.io/library/x', { auths: { 'https://index.docker.io/v1/': { auth } } }, ada],
    ['index.docker.io/library/x', { auths: { 'docker.io': { auth } } }, ada],
    [
      'a.test:5000/x',
      { auths: { 'a.test:5000': { username: 'ada', password: 'x' } } },
      { username: 'ada', password: 'x' },
    ],
    ['a.test/x', { auths: { 'a.test': { auth } }, credsStore: 'desktop' }, ada],
    ['a.test/x', { auths: { 'a.test.evil': { auth }, 'xa.test': { auth } } }, undefined],
    ['a.test:5000/x', { auths: { 'a.test': { auth } } }, undefined],
    ['a.test/x', {}, undefined],
  ])('reads %s in %j', async (repository, config, expected) => {
    expect(await find(repository, config)).toEqual(expected);
  });

  const TEAMS = {
    auths: {
      'a.test/team-a': of('a'),
      'https://a.test/team-b/': of('b'),
      'a.test/team-b/secret': of('c'),
      'a.test': of('all'),
    },
  };

  it.each([
    ['a.test/team-a/app', 'a'],
    ['a.test/team-a', 'a'],
    ['a.test/team-b/app', 'b'],
    ['a.test/team-b/secret/app', 'c'],
    ['a.test/team-b/secrets', 'b'],
    ['a.test/team-ab/app', 'all'],
    ['a.test/app', 'all'],
  ])('takes the longest path for %s: %s', async (repository, username) => {
    expect(await find(repository, TEAMS)).toEqual({ username, password: 'x' });
    const turned = { auths: Object.fromEntries(Object.entries(TEAMS.auths).toReversed()) };
    expect(await find(repository, turned)).toEqual({ username, password: 'x' });
  });

  it.each(['\n', '\r\n'])('reads an auth that echo ended with %j', async (end) => {
    const written = Buffer.from(`ada:pass:word${end}`).toString('base64');
    expect(await find('a.test/x', { auths: { 'a.test': { auth: written } } })).toEqual(ada);
  });

  it.each([
    ['not json', 'x'],
    ['a helper that is a path', JSON.stringify({ credHelpers: { 'a.test': '../se-cret' } })],
    ['an identity token', JSON.stringify({ auths: { 'a.test': { identitytoken: 'se-cret' } } })],
    ['an auth without a colon', JSON.stringify({ auths: { 'a.test': { auth: 'c2UtY3JldA==' } } })],
    ['auths of another form', JSON.stringify({ auths: ['se-cret'] })],
  ])('refuses %s without showing it', async (_, text) => {
    const failure = await failureOf(find('a.test/x', text));
    expect(failure?.code).toBe('bad-config');
    expect(`${failure?.message} ${String(failure?.cause)}`).not.toContain('se-cret');
  });
});

describe('a credential helper', () => {
  function scripted(end: ProgramEnd) {
    const ran: Program[] = [];
    const askHelper = createHelpers(async (program) => {
      ran.push(program);
      return end;
    });
    return { ran, askHelper };
  }
  const printed = (out: string, code = 0): ProgramEnd => ({
    outcome: 'ended',
    code,
    out,
    err: 'why',
  });

  it.each([
    ['a.test/x', { credHelpers: { 'a.test': 'gcloud' } }, 'gcloud', 'a.test'],
    ['a.test/x', { credHelpers: { 'A.test:443': 'gcloud' }, credsStore: 's' }, 'gcloud', 'a.test'],
    ['a.test/x', { auths: { 'a.test': {} }, credsStore: 'desktop' }, 'desktop', 'a.test'],
    ['index.docker.io/library/x', { credsStore: 'pass' }, 'pass', 'https://index.docker.io/v1/'],
  ])('is asked for %s by %j', async (repository, config, name, input) => {
    const { ran, askHelper } = scripted(printed('{"Username":"ada","Secret":"pass:word"}'));
    expect(await find(repository, config, askHelper)).toEqual(ada);
    const command = `docker-credential-${name}`;
    expect(ran).toMatchObject([{ command, args: ['get'], input }]);
  });

  it('that knows no credentials leaves the host to anonymous requests', async () => {
    const { askHelper } = scripted(printed('credentials not found in native keychain\n', 1));
    expect(await askHelper('gcloud', 'a.test')).toBeUndefined();
  });

  it.each<[string, ProgramEnd]>([
    ['is not installed', { outcome: 'absent' }],
    ['hangs', { outcome: 'late' }],
    ['floods', { outcome: 'large' }],
    ['cannot be started', { outcome: 'failed', cause: new Error('EACCES') }],
    ['fails', printed('', 1)],
    ['prints something else', printed('se-cret')],
    ['gives an identity token', printed('{"Username":"<token>","Secret":"se-cret"}')],
  ])('that %s is a fault of the config', async (_, end) => {
    const { askHelper } = scripted(end);
    const failure = await failureOf(askHelper('gcloud', 'a.test'));
    expect(failure?.code).toBe('bad-config');
    expect(failure?.message).toContain('docker-credential-gcloud');
    expect(failure?.message).not.toContain('se-cret');
  });

  it('is run once for all who ask meanwhile', async () => {
    const { ran, askHelper } = scripted(printed('{"Username":"ada","Secret":"x"}'));
    await Promise.all([askHelper('gcloud', 'a.test'), askHelper('gcloud', 'a.test')]);
    expect(ran).toHaveLength(1);
  });
});
