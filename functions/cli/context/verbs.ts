import { Argument } from 'commander';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { checkUrl } from '../api/check-url.ts';
import { viewContexts } from '../screens/contexts.ts';
import { viewLines } from '../screens/lines.ts';
import type { Given, Verb, VerbDeps } from '../verb.ts';
import {
  CONTEXT_NAME,
  type Context,
  contextNamed,
  type Contexts,
  contextsPath,
  readContexts,
  writeContexts,
} from './contexts-file.ts';

interface Named {
  readonly name: string;
}

const NAME = new Argument('<name>', 'of the context, as context list prints it');

/** Installations of Countersign that have a name. */
export const CONTEXT_VERBS: readonly Verb[] = [
  {
    name: 'add',
    noun: 'context',
    about: 'name an API: needs --url, and takes --audience and --token-command with it',
    kind: 'plain',
    takes: [new Argument('<name>', 'such as prod')],
    options: [],
    run: addContext,
  },
  {
    name: 'list',
    noun: 'context',
    about: 'print the contexts; the one with * is asked where none is named',
    kind: 'plain',
    options: [],
    run: listContexts,
  },
  {
    name: 'use',
    noun: 'context',
    about: 'ask this one where none is named',
    kind: 'plain',
    takes: [NAME],
    options: [],
    run: useContext,
  },
  {
    name: 'show',
    noun: 'context',
    about: 'print one context; without a name the one in use',
    kind: 'plain',
    takes: [new Argument('[name]', 'of the context')],
    options: [],
    run: showContext,
  },
  {
    name: 'remove',
    noun: 'context',
    about: 'forget a context',
    kind: 'plain',
    takes: [NAME],
    options: [],
    run: removeContext,
  },
];

/** What a token looks like. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+/;

async function addContext({ name }: Named, { terminal, options, folder }: VerbDeps): Promise<0> {
  const { url, audience, tokenCommand, token } = options;
  if (!CONTEXT_NAME.test(name)) throw bad(`${name} is not a name: write letters, digits and "-"`);
  if (url === undefined) throw bad(`Which API is ${name}: add --url https://HOST`);
  if (token !== undefined || TOKEN.test(tokenCommand ?? '')) {
    throw bad(
      'A token is not kept in a context: it expires. Give --token-command, which prints one',
    );
  }
  const context = { url: checkUrl(url, '--url').href, ...defined({ audience, tokenCommand }) };
  const known = await readContexts(folder);
  const before = Object.hasOwn(known.contexts, name);
  const contexts = { ...known.contexts, [name]: context };
  const current = known.current ?? name;
  await writeContexts(folder, { current, contexts });
  const lines = [
    `Context ${name} is ${before ? 'changed' : 'added'}: ${describe(context)}`,
    ...(current === name ? [] : [`In use is ${current}: countersign context use ${name}`]),
  ];
  terminal.show(viewLines({ name, ...context, current: current === name }, lines, [name]));
  return 0;
}

async function listContexts(_: Given, { terminal, folder }: VerbDeps): Promise<0> {
  const known = await readContexts(folder);
  const rows = Object.entries(known.contexts).map(([name, context]) => ({
    name,
    current: name === known.current,
    ...context,
  }));
  terminal.show(viewContexts(rows));
  return 0;
}

async function useContext({ name }: Named, { terminal, folder }: VerbDeps): Promise<0> {
  const known = await readContexts(folder);
  const context = contextNamed(name, known);
  await writeContexts(folder, { ...known, current: name });
  const line = `In use is ${name}: ${describe(context)}`;
  terminal.show(viewLines({ name, ...context, current: true }, [line], [name]));
  return 0;
}

async function showContext(
  { name: asked }: { readonly name?: string | undefined },
  { terminal, folder }: VerbDeps,
): Promise<0> {
  const known = await readContexts(folder);
  const name = asked ?? known.current;
  if (name === undefined) throw bad('No context is in use: countersign context use NAME');
  const { url, audience, tokenCommand } = contextNamed(name, known);
  const file = contextsPath(folder);
  const value = { name, url, audience, tokenCommand, current: name === known.current, file };
  const lines = [
    `${name}${name === known.current ? '  in use' : ''}`,
    `  url            ${url}`,
    ...(audience === undefined ? [] : [`  audience       ${audience}`]),
    ...(tokenCommand === undefined ? [] : [`  token command  ${tokenCommand}`]),
    `  file           ${file}`,
  ];
  terminal.show(viewLines(value, lines, [name]));
  return 0;
}

async function removeContext({ name }: Named, { terminal, folder }: VerbDeps): Promise<0> {
  const known = await readContexts(folder);
  contextNamed(name, known);
  const contexts = Object.fromEntries(
    Object.entries(known.contexts).filter(([other]) => other !== name),
  );
  const left: Contexts =
    known.current === name || known.current === undefined
      ? { contexts }
      : { current: known.current, contexts };
  await writeContexts(folder, left);
  const lines = [
    `Context ${name} is removed`,
    ...(left.current === undefined ? ['None is in use: countersign context use NAME'] : []),
  ];
  terminal.show(viewLines({ name, current: left.current }, lines, [name]));
  return 0;
}

function describe({ url, audience, tokenCommand }: Context): string {
  return [
    url,
    ...(audience === undefined ? [] : [`audience ${audience}`]),
    ...(tokenCommand === undefined ? [] : ['with a token command']),
  ].join(', ');
}

function bad(message: string): CountersignError {
  return new CountersignError('bad-request', message);
}
