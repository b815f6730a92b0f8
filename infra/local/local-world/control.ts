import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { listen } from '../listen.ts';
import type { FunctionSet } from './function-set.ts';
import { LocalWorldError } from './local-world-error.ts';
import { FUNCTION_NAMES } from './ports.ts';

/** Where a world that runs is steered. */
export interface Control {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

const TOKEN_BYTES = 32;

/**
 * Serves `POST /functions/NAME/stop` and `start` on a free port, for those who can read the token in the world's
 * folder: a page in a browser cannot. Answers `{ "message" }`, with 409 where it is not possible now.
 *
 * @example const control = await serveControl(() => functions);
 */
export async function serveControl(functions: () => FunctionSet | undefined): Promise<Control> {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const expected = Buffer.from(`Bearer ${token}`);
  const app = new Hono();
  app.use(async (c, next) => {
    const given = Buffer.from(c.req.header('authorization') ?? '');
    const known = given.length === expected.length && timingSafeEqual(given, expected);
    return known
      ? next()
      : c.json({ message: 'The token in the folder of the world is needed' }, 401);
  });
  app.post('/functions/:name/:act{stop|start}', async (c) => {
    const { name, act } = c.req.param();
    const known = FUNCTION_NAMES.find((one) => one === name);
    const set = functions();
    if (known === undefined || set === undefined) {
      return c.json({ message: `There is no function ${name} yet` }, 409);
    }
    try {
      const { pid, url } = act === 'stop' ? await set.stop(known) : await set.start(known);
      const done = act === 'stop' ? 'stopped' : 'started';
      return c.json({ message: `Function ${name} is ${done}: ${url}, process ${pid}` });
    } catch (error) {
      if (!(error instanceof LocalWorldError)) throw error;
      return c.json({ message: error.message }, 409);
    }
  });
  const { host, close } = await listen(() => app);
  return { url: `http://${host}`, token, close };
}
