import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { tryDecodeURIComponent } from 'hono/utils/url';
import { parseJson } from '#shared/net/json.ts';
import type { Broker } from './broker.ts';
import { createCalls, jsonCodec } from './calls.ts';
import { REQUEST_LIMIT } from './schema.ts';
import { routes } from './protos.ts';
import { PubsubError, toPubsubError } from './pubsub-error.ts';
import { readFields } from './read-fields.ts';

/**
 * The REST form (cloud.google.com/pubsub/docs/reference/rest): each route names a call and adds
 * what path and query say to the body. Errors are Google's `{error: {code, message, status}}`.
 *
 * @example const answer = await createRestApp(broker).request('/v1/projects/local/topics');
 */
export function createRestApp(broker: Broker): Hono {
  const calls = createCalls(broker, jsonCodec);
  const app = new Hono();
  app.onError((error) => errorResponse(toPubsubError(error)));
  const tooLarge = `The request is larger than ${REQUEST_LIMIT} bytes`;
  app.use(
    bodyLimit({
      maxSize: REQUEST_LIMIT,
      onError: () => errorResponse(new PubsubError('INVALID_ARGUMENT', tooLarge)),
    }),
  );
  app.all('*', async (c) => {
    const { method, path: pathname } = c.req;
    const route = routes.find(({ verb, path }) => verb === method && path.test(pathname));
    if (!route) throw new PubsubError('NOT_FOUND', `No such path: ${pathname}`);
    const call = calls[route.method];
    if (!call) throw new PubsubError('UNIMPLEMENTED', `${route.method} is not supported here`);
    const [field = '', inner] = route.field.split('.');
    const name = tryDecodeURIComponent(route.path.exec(pathname)?.[1] ?? '');
    const query = Object.entries(c.req.query()).filter(([key]) => !SYSTEM_PARAMETERS.has(key));
    const sent = { ...Object.fromEntries(query), ...asObject(readBody(await c.req.text())) };
    const request = asObject(readFields(route.request, sent));
    const named = inner === undefined ? name : { ...asObject(request[field]), [inner]: name };
    return c.json(await call({ ...request, [field]: named }, c.req.raw.signal));
  });
  return app;
}

/** What every call of Google's APIs takes, beside its own fields (`parameters` of the discovery document). */
const SYSTEM_PARAMETERS = new Set([
  '$.xgafv',
  'access_token',
  'alt',
  'callback',
  'fields',
  'key',
  'oauth_token',
  'prettyPrint',
  'quotaUser',
  'upload_protocol',
  'uploadType',
]);

function errorResponse({ httpCode, message, status }: PubsubError): Response {
  return Response.json({ error: { code: httpCode, message, status } }, { status: httpCode });
}

function readBody(text: string): unknown {
  if (text === '') return {};
  const body = parseJson(text);
  if (body === undefined) {
    throw new PubsubError('INVALID_ARGUMENT', 'The request is not valid JSON');
  }
  return body;
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new PubsubError('INVALID_ARGUMENT', 'The request is not a JSON object');
}
