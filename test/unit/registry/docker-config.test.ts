import { describe, expect, it } from 'vitest';
import { credentialsFor } from '#shared/registry/credential.ts';
import { failureOf } from './scripted-registry.ts';

const auth = Buffer.from('ada:pass:word').toString('base64');
const ada = { username: 'ada', password: 'pass:word' };

describe('credentialsFor()', () => {
  it.each([
    ['ghcr.io', { auths: { 'ghcr.io': { auth } } }, ada],
    ['ghcr.io', { auths: { 'https://ghcr.io/v2/': { auth } } }, ada],
    ['index.docker.io', { auths: { 'https://index.docker.io/v1/': { auth } } }, ada],
    ['index.docker.io', { auths: { 'docker.io': { auth } } }, ada],
    [
      'a.test:5000',
      { auths: { 'a.test:5000': { username: 'ada', password: 'x' } } },
      { username: 'ada', password: 'x' },
    ],
    ['a.test', { auths: { 'a.test': { auth } }, credsStore: 'desktop' }, ada],
    ['a.test', { auths: { 'a.test.evil': { auth }, 'xa.test': { auth } } }, undefined],
    ['a.test', {}, undefined],
  ])('reads %s in %j', (host, config, expected) => {
    expect(credentialsFor(host, JSON.stringify(config))).toEqual(expected);
  });

  it.each([
    ['not json', 'x'],
    ['a helper', JSON.stringify({ credHelpers: { 'a.test': 'gcloud' } })],
    ['a store', JSON.stringify({ auths: { 'a.test': {} }, credsStore: 'desktop' })],
    ['an identity token', JSON.stringify({ auths: { 'a.test': { identitytoken: 'se-cret' } } })],
    ['an auth without a colon', JSON.stringify({ auths: { 'a.test': { auth: 'c2UtY3JldA==' } } })],
    ['auths of another form', JSON.stringify({ auths: ['se-cret'] })],
  ])('refuses %s without showing it', async (_, text) => {
    const failure = await failureOf((async () => credentialsFor('a.test', text))());
    expect(failure?.code).toBe('bad-config');
    expect(`${failure?.message} ${String(failure?.cause)}`).not.toContain('se-cret');
  });
});
