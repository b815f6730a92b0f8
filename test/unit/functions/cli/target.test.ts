import { describe, expect, it } from 'vitest';
import { checkUrl } from '#functions/cli/api/check-url.ts';
import { targetOf } from '#functions/cli/api/target.ts';
import type { Contexts } from '#functions/cli/context/contexts-file.ts';

const PROD = 'https://prod.example';
const CONTEXTS: Contexts = {
  current: 'prod',
  contexts: {
    prod: { url: PROD, audience: 'https://aud.example', tokenCommand: 'print prod' },
    stage: { url: 'https://stage.example', audience: 'https://stage.aud' },
  },
};

describe('targetOf()', () => {
  it.each([
    ['the local world', {}, {}, 'http://127.0.0.1:8080/', 'none'],
    [
      'a variable',
      {},
      { COUNTERSIGN_URL: 'https://env.example' },
      'https://env.example/',
      'google',
    ],
    [
      'an option before a variable',
      { url: 'https://flag.example' },
      { COUNTERSIGN_URL: 'https://env.example' },
      'https://flag.example/',
      'google',
    ],
    [
      'what is empty in the environment for absent',
      {},
      { COUNTERSIGN_URL: '', COUNTERSIGN_TOKEN: '' },
      'http://127.0.0.1:8080/',
      'none',
    ],
  ])('takes %s', (_, options, env, url, type) => {
    const target = targetOf(options, env, { contexts: {} });
    expect({ url: target.url.href, type: target.credentials.type }).toEqual({ url, type });
  });

  it.each([
    ['the context in use', {}, {}, 'context prod', { type: 'command', command: 'print prod' }],
    [
      'a variable before it',
      {},
      { COUNTERSIGN_CONTEXT: 'stage' },
      'context stage',
      { type: 'google', audience: 'https://stage.aud' },
    ],
    [
      'an option before that, and its own command before the token of the environment',
      { context: 'prod' },
      { COUNTERSIGN_CONTEXT: 'stage', COUNTERSIGN_TOKEN: 't' },
      'context prod',
      { type: 'command', command: 'print prod' },
    ],
    [
      'the token of the environment before the command of the context in use',
      {},
      { COUNTERSIGN_TOKEN: 't' },
      'context prod',
      { type: 'token', token: 't' },
    ],
    [
      'an option before every context',
      { context: 'prod', token: 'own' },
      { COUNTERSIGN_TOKEN: 't' },
      'context prod',
      { type: 'token', token: 'own', from: '--token' },
    ],
    [
      'the audience of a context that is named, whatever is exported for another one',
      { context: 'stage' },
      { COUNTERSIGN_AUDIENCE: 'https://prod.aud' },
      'context stage',
      { type: 'google', audience: 'https://stage.aud' },
    ],
    [
      'an audience that is given',
      { context: 'stage', audience: 'own' },
      {},
      'context stage',
      { type: 'google', audience: 'own' },
    ],
  ])('takes %s', (_, options, env, from, credentials) => {
    const target = targetOf(options, env, CONTEXTS);
    expect(target.from).toBe(from);
    expect(target.credentials).toMatchObject(credentials);
  });

  it.each([
    ['the context in use is another', {}, 'COUNTERSIGN_TOKEN is for https://prod.example'],
    [
      'a variable names another',
      { COUNTERSIGN_URL: 'https://env.example/path' },
      'COUNTERSIGN_TOKEN is for https://env.example',
    ],
    [
      'a variable names no context that is there',
      { COUNTERSIGN_CONTEXT: 'gone' },
      'COUNTERSIGN_TOKEN is for gone',
    ],
  ])('keeps a token of the environment back from --context: %s', (_, env, keptBack) => {
    const exported = { COUNTERSIGN_TOKEN: 't', COUNTERSIGN_TOKEN_COMMAND: 'print', ...env };
    expect(targetOf({ context: 'stage' }, exported, CONTEXTS).credentials).toEqual({
      type: 'google',
      audience: 'https://stage.aud',
      keptBack,
    });
  });

  it.each([
    ['the same place', { COUNTERSIGN_URL: 'https://stage.example/' }, CONTEXTS],
    ['the same context', { COUNTERSIGN_CONTEXT: 'stage' }, CONTEXTS],
    ['no place', {}, { contexts: CONTEXTS.contexts }],
  ])('sends a token of the environment to --context where that names %s', (_, env, contexts) => {
    const exported = { COUNTERSIGN_TOKEN: 't', ...env };
    expect(targetOf({ context: 'stage' }, exported, contexts).credentials).toMatchObject({
      type: 'token',
      from: 'COUNTERSIGN_TOKEN',
    });
  });

  it('keeps it back from this machine, too', () => {
    const local = { url: 'http://127.0.0.1:8080' };
    const contexts = { current: 'prod', contexts: { ...CONTEXTS.contexts, local } };
    const { credentials } = targetOf({ context: 'local' }, { COUNTERSIGN_TOKEN: 't' }, contexts);
    expect(credentials).toEqual({
      type: 'none',
      keptBack: 'COUNTERSIGN_TOKEN is for https://prod.example',
    });
  });

  it.each([
    [{ url: 'https://elsewhere.example' }, {}],
    [{}, { COUNTERSIGN_URL: 'https://elsewhere.example' }],
  ])('has no credentials of a context for another URL: %j %j', (options, env) => {
    expect(targetOf(options, env, CONTEXTS).credentials).toEqual({
      type: 'google',
      audience: 'https://elsewhere.example',
    });
  });

  it('names the contexts that there are', () => {
    expect(() => targetOf({ context: 'prd' }, {}, CONTEXTS)).toThrow('did you mean prod?');
    expect(() => targetOf({ context: '__proto__' }, {}, CONTEXTS)).toThrow('there is prod, stage');
    expect(() => targetOf({ context: 'x' }, {}, { contexts: {} })).toThrow('context add x');
  });
});

describe('checkUrl()', () => {
  it.each([
    'https://a.example',
    'http://127.0.0.1:8080',
    'http://localhost:1',
    'http://[::1]:8080',
  ])('takes %s', (url) => {
    expect(checkUrl(url, '--url').href).toContain(url);
  });

  it.each([
    ['countersign.example', 'write https://countersign.example'],
    ['countersign.example:443', 'write https://countersign.example:443'],
    ['localhost:8080', 'write http://localhost:8080'],
    ['127.0.0.1:8080', 'write http://127.0.0.1:8080'],
    ['http://countersign.example', 'write https://countersign.example'],
    ['ftp://localhost', 'write https://localhost'],
    ['no url', 'is no URL'],
  ])('says what to write for %s', (text, said) => {
    expect(() => checkUrl(text, '--url')).toThrow(said);
    expect(() => checkUrl(text, '--url')).toThrow(/^--url: /);
  });
});
