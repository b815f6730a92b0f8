import { CountersignError } from '#shared/core/errors.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { withMessage } from '#shared/http/with-message.ts';
import { openApp, openMessages } from '../wiring/app.ts';
import { readBase } from '../wiring/base.ts';
import { openHistory } from '../wiring/history.ts';
import type { Start } from '../wiring/start.ts';
import { handleEvent } from './handle-event.ts';

/**
 * The function that every status event comes to (docs/design.md#the-parts). It has neither store nor clusters. Throws
 * `bad-config`.
 *
 * @example
 * const { app, close } = await openRecorder(await readStart('history'));
 */
export async function openRecorder(start: Start): Promise<OpenedFunction> {
  const base = await readBase(start);
  const history = openHistory(base);
  if (history === undefined) {
    const message = 'history is missing: the config does not say for how long events are kept';
    throw new CountersignError('bad-config', message);
  }
  const { app, topics } = openApp(base, () =>
    history.list({ by: { facet: 'time' }, since: '', before: '', limit: 1 }),
  );
  app.post(
    '/events',
    withMessage(
      (message, context) => handleEvent(message, { history, log: context.log }),
      openMessages(base, topics, 'history'),
    ),
  );
  return {
    app,
    close: async () => {
      await topics.close();
      await history.close();
    },
  };
}
