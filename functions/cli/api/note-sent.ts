import type { Interrupts } from '../interrupts.ts';
import type { Api } from './call-api.ts';

const SENT = 'the request was sent, and may have taken effect';

/**
 * The API, which says of what Ctrl-C would leave undone whether a request that changes something was sent.
 *
 * @example
 * const api = noteSent(openApi({ url, from, tokens, fetch, date }), interrupts);
 */
export function noteSent(api: Api, interrupts: Pick<Interrupts, 'leaves'>): Api {
  function note(path: string, values: object): void {
    const isTry = 'dryRun' in values && Boolean(values.dryRun);
    if (path !== '/v1/verify' && !isTry) interrupts.leaves(SENT);
  }
  return {
    ...api,
    post(path, body, schema, key) {
      note(path, body);
      return api.post(path, body, schema, key);
    },
    put(path, body, schema, key) {
      note(path, body);
      return api.put(path, body, schema, key);
    },
    delete(path, query, schema, key) {
      note(path, query);
      return api.delete(path, query, schema, key);
    },
  };
}
