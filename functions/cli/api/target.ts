import { defined } from '#shared/core/defined.ts';
import type { GlobalOptions } from '../options.ts';

/** Which API is asked, and as whom. */
export interface Target {
  readonly url: string;
  readonly token?: string;
  readonly tokenCommand?: string;
}

/** The local world's (docs/quick-start.md). */
const LOCAL_URL = 'http://127.0.0.1:8080';

/** An option goes before the environment; what is empty there is not there. */
export function targetOf(
  { url, token, tokenCommand }: Pick<GlobalOptions, 'url' | 'token' | 'tokenCommand'>,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  return {
    url: url ?? (env['COUNTERSIGN_URL'] || LOCAL_URL),
    ...defined({
      token: token ?? (env['COUNTERSIGN_TOKEN'] || undefined),
      tokenCommand: tokenCommand ?? (env['COUNTERSIGN_TOKEN_COMMAND'] || undefined),
    }),
  };
}
