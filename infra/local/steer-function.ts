import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { filesIn } from './local-world/files.ts';
import { readRecord } from './local-world/leftovers.ts';
import { findHolder } from './local-world/lock-folder.ts';
import type { FunctionName } from './local-world/ports.ts';

/** Which function of which world, and what becomes of it. */
export interface Steering {
  readonly name: FunctionName;
  readonly act: 'stop' | 'start';
  /** The world's folder. */
  readonly dir: string;
}

const answer = z.object({ message: z.string() });

/**
 * Stops a function of a local world, or starts it again; what was done in one sentence. Throws `bad-request` where no
 * world runs there, or where it cannot be done.
 */
export async function steerFunction({ name, act, dir }: Steering): Promise<string> {
  const files = filesIn(dir);
  const record = await readRecord(files.record);
  // A world that was killed leaves its record, and by now another program may listen where it says: it gets no token.
  if (record === undefined || record.pid !== findHolder(files.lock)) throw noWorld(dir);
  const { url, token } = record.control;
  const response = await fetch(new URL(`/functions/${name}/${act}`, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  }).catch((cause: unknown) => {
    throw noWorld(dir, cause);
  });
  const { message } = answer.parse(await response.json());
  if (!response.ok) throw new CountersignError('bad-request', message);
  return message;
}

function noWorld(dir: string, cause?: unknown): CountersignError {
  const message = `No local world runs in ${dir}: start one with \`npm run local\`, or name its folder with --dir`;
  return new CountersignError('bad-request', message, { cause });
}
