import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { didYouMean } from '../names/did-you-mean.ts';

/** One installation of Countersign, and how to be known there. Never a token: those expire, and are secrets. */
const Context = z.strictObject({
  url: z.string().min(1).max(2_048),
  /** Whom an ID token is made for: `access.api.audience` of its config. */
  audience: z.string().min(1).max(2_048).optional(),
  /** Prints an ID token. */
  tokenCommand: z.string().min(1).max(4_096).optional(),
});

/** What a context may be called. */
export const CONTEXT_NAME = /^[A-Za-z0-9][-.\w]{0,62}$/;

/** Installations by name, and the one that is asked where none is named. */
const Contexts = z.strictObject({
  current: z.string().optional(),
  contexts: z.record(z.string().regex(CONTEXT_NAME), Context),
});

export type Context = z.infer<typeof Context>;
export type Contexts = z.infer<typeof Contexts>;

const NAME = 'contexts.json';
/** The user's alone: a token command is run as them. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const WRITABLE_BY_OTHERS = 0o022;

/** Where the contexts are kept. */
export function contextsPath(folder: string): string {
  return join(folder, NAME);
}

/** The contexts in the folder; none where there is no file. Throws `bad-config`. */
export async function readContexts(folder: string): Promise<Contexts> {
  const path = contextsPath(folder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return { contexts: {} };
    throw bad(`${path} cannot be read: ${toFailure(error).message}`, error);
  }
  for (const place of [folder, path]) await checkOwner(place);
  return parseContexts(text, path);
}

/** Throws `bad-config` for a file or folder that another user owns, or may write to: root may in any case. */
async function checkOwner(place: string): Promise<void> {
  const user = process.getuid?.();
  // Windows has neither users nor bits like these.
  if (user === undefined) return;
  const { mode, uid } = await stat(place);
  if (uid !== user && uid !== 0) {
    throw bad(`${place} belongs to another user, and its commands are run: chown it`);
  }
  if ((mode & WRITABLE_BY_OTHERS) === 0) return;
  throw bad(`${place} may be written by others, and its commands are run: chmod go-w it`);
}

function parseContexts(text: string, path: string): Contexts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`${path} is no JSON: correct it, or remove it and add the contexts again`, error);
  }
  const { data, error } = Contexts.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const place = issue?.path.map(String).join('.') || 'the file';
  throw bad(`${path}: ${place}: ${issue?.message ?? 'has a wrong shape'}`);
}

/** Replaces the contexts of the folder as a whole: a process that reads meanwhile sees the ones before. Throws `bad-config`. */
export async function writeContexts(folder: string, contexts: Contexts): Promise<void> {
  const path = contextsPath(folder);
  const part = join(folder, `${NAME}.${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const file = await open(part, 'wx', FILE_MODE);
    try {
      await file.writeFile(`${JSON.stringify(Contexts.parse(contexts), null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw bad(`${path} cannot be written`, error);
  }
}

/** The context of a name. Throws `bad-request`, naming those that there are. */
export function contextNamed(name: string, { contexts }: Contexts): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(contexts);
  throw new CountersignError(
    'bad-request',
    names.length === 0
      ? `There is no context ${name}: add it with countersign context add ${name} --url https://HOST`
      : `There is no context ${name}: ${didYouMean(name, names)}`,
  );
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function bad(message: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', message, { cause });
}
