import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What of the environment is about pagers. */
export interface PagerEnv {
  readonly PAGER?: string | undefined;
  readonly LESS?: string | undefined;
}

/** Shows a long text; false where there is no pager, so that it is written as it is. */
export type Page = (text: string) => Promise<boolean>;

/**
 * What `PAGER` names, else `less`, which shows colours, ends by itself where all fits, and leaves the text on the
 * terminal. A pager that is closed before the end is quiet. `PAGER=cat`, or an empty one: no pager.
 *
 * @example
 * const page = createPager(env);
 * if (!(await page(text))) process.stdout.write(text);
 */
export function createPager(env: Readonly<Record<string, string | undefined>> & PagerEnv): Page {
  const command = (env.PAGER ?? 'less').trim();
  return async (text) => {
    if (command === '' || command === 'cat') return false;
    const pager = spawn(command, {
      shell: true,
      // Where there is no less, that is nothing to complain of.
      stdio: ['pipe', 'inherit', env.PAGER === undefined ? 'ignore' : 'inherit'],
      env: { ...env, LESS: env.LESS ?? 'FRX', LV: '-c' },
    });
    // The reader has seen enough.
    pager.stdin.on('error', () => undefined);
    pager.stdin.end(text);
    const [code] = await once(pager, 'close').catch(() => [NOT_FOUND]);
    return code !== NOT_FOUND;
  };
}

/** Of a shell that knows no such command. */
const NOT_FOUND = 127;
