import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as z from 'zod';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { checkShape } from '#shared/http/read-json.ts';
import type { ApiEnv } from '../../guard.ts';
import type { Overview } from '../../overview/operation.ts';
import { IdempotencyHeaders } from '../../schema.ts';
import { answerPage, readFields } from '../answer-page.ts';
import { actPage, confirmPage } from './act-page.ts';
import type { ActDeps, Action, Form } from './action.ts';
import { ACTIONS } from './actions.ts';

const Fields = z.record(z.string(), z.string());
/** Of one field that a link or a form has. */
const MAX_FIELD = 4_096;
/** What a person can mend by writing something else. */
const MENDABLE: ReadonlySet<string> = new Set([
  'bad-request',
  'bad-reference',
  'cluster-not-found',
]);

/** Mounts the forms of actions: a GET shows one, a POST makes a dry run, and only a second one does it. */
export function mountActions(
  api: OpenAPIHono<ApiEnv>,
  deps: ActDeps,
  readOverview: (c: Context<ApiEnv>) => Promise<Overview | undefined>,
): void {
  api.get('/act', (c) =>
    answerPage(c, async () => {
      const { do: name, ...rest } = readFields(c.req.query());
      const action = actionOf(name);
      const form = fieldsOf(action, rest);
      return actPage({ action, form, person: c.get('person'), overview: await readOverview(c) });
    }),
  );
  api.post('/act', (c) =>
    answerPage(c, async () => {
      const sent = checkShape(Fields, await c.req.parseBody(), 'form');
      const { do: name, step, key, ...rest } = readFields(sent);
      const action = actionOf(name);
      const form = fieldsOf(action, rest);
      const person = c.get('person');
      const shared = { action, form, person, overview: await readOverview(c) };
      if (!action.may(person))
        throw new CountersignError('forbidden', 'This identity may not do this');
      try {
        if (step !== 'confirm') {
          const acting = { person, key: deps.newId(), deps, log: c.get('log') };
          const preview = await action.preview(form, acting);
          return await confirmPage({ ...shared, preview, key: acting.key });
        }
        const acting = { person, key: keyOf(key), deps, log: c.get('log') };
        return c.redirect(await action.run(form, acting), 303);
      } catch (error) {
        const failure = toFailure(error);
        if (!MENDABLE.has(failure.code)) throw failure;
        c.status(400);
        return actPage({ ...shared, problem: failure.message });
      }
    }),
  );
}

function actionOf(name: string | undefined): Action {
  const action = name === undefined ? undefined : ACTIONS.get(name);
  if (action !== undefined) return action;
  throw new CountersignError('bad-request', 'query.do: names no action of this page');
}

/** What the action asks for, and nothing else. */
function fieldsOf({ fields }: Action, sent: Form): Form {
  const names = new Set(['reason', ...fields.map(({ name }) => name)]);
  const unknown = Object.keys(sent).find((name) => !names.has(name));
  if (unknown !== undefined)
    throw new CountersignError('bad-request', `form.${unknown}: is not a field of this action`);
  const long = Object.entries(sent).find(([, value]) => value.length > MAX_FIELD);
  if (long !== undefined) throw new CountersignError('bad-request', `form.${long[0]}: is too long`);
  return sent;
}

/** Without one, a second click would be a second request. */
function keyOf(key: string | undefined): string {
  const { 'idempotency-key': sent } = checkShape(
    IdempotencyHeaders,
    { 'idempotency-key': key },
    'form',
  );
  if (sent !== undefined) return sent;
  throw new CountersignError('bad-request', 'form.key: is missing: begin with the dry run');
}
