import { openApi } from '#functions/cli/api/call-api.ts';
import type { Api } from '#functions/cli/api/call-api.ts';
import { NO_TOKENS } from '#functions/cli/api/token.ts';
import { createApi } from '#functions/api/create-api.ts';
import type { ApiDeps } from '#functions/api/deps.ts';
import { createApp } from '#shared/http/app.ts';
import { createLogger } from '#shared/http/log.ts';
import { openImages, openRSyncs } from '#test/faults/functions.ts';
import { createFleetPort } from '#test/faults/ports/cluster-port.ts';
import type { Callee } from '#test/faults/sim/faults.ts';
import { OVERRIDER, asPerson } from '#test/fixtures/people.ts';
import type { World } from '../world.ts';

/** The API over this world, asked as the command asks it; its own calls take no time and do not fail. */
export function openWorldApi(world: World): { readonly api: Api; readonly deps: ApiDeps } {
  const process = {
    name: 'api',
    call: async <T>(_callee: Callee, effect: () => T | Promise<T>): Promise<T> => effect(),
  };
  const { port: _, ...images } = openImages(process, world.around);
  const observer = { called: () => undefined, patched: () => undefined };
  const deps: ApiDeps = {
    ...images,
    ...openRSyncs(world.around),
    fleet: createFleetPort(process, { ...world.around, observer }),
    planning: { callsPerMinute: 600, resolveNow: (reference) => images.resolver.fresh(reference) },
    checkPerson: asPerson('local', OVERRIDER),
    publishTasks: async () => undefined,
    publish: async () => undefined,
    newId: () => 'no id',
    streams: { answer: () => new Response(), close: () => undefined },
  };
  const stream = { write: () => undefined };
  const app = createApp({
    log: createLogger({ level: 'silent', service: 'api', stream }),
    ready: async () => undefined,
  });
  app.route('/', createApi(deps));
  const ask: typeof fetch = async (input, init) => app.fetch(new Request(input, init));
  return {
    api: openApi({
      url: new URL('http://127.0.0.1'),
      from: 'the world',
      tokens: NO_TOKENS,
      fetch: ask,
      date: () => new Date(),
      pause: async () => undefined,
    }),
    deps,
  };
}
