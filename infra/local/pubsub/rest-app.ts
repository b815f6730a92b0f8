import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { tryDecodeURIComponent } from 'hono/utils/url';
import { parseJson } from '#shared/net/json.ts';
import type { Broker } from './broker.ts';
import { createCalls, jsonCodec } from './calls.ts';
import { REQUEST_LIMIT } from './schema.ts';
import { routes } from './protos.ts';
import { PubsubError, toPubsubError } from './pubsub-error.ts';

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
    const sent = { ...c.req.query(), ...asObject(readBody(await c.req.text())) };
    const request = asObject(withJsonNames(sent));
    const named = inner === undefined ? name : { ...asObject(request[field]), [inner]: name };
    return c.json(await call({ ...request, [field]: named }, c.req.raw.signal));
  });
  return app;
}

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

/** Fields whose keys are the caller's own. */
const MAPS = new Set(['attributes', 'labels']);

/** A field may have its name of the proto file, too: `ordering_key` is `orderingKey`. */
function withJsonNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withJsonNames);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => [
    name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    MAPS.has(name) ? field : withJsonNames(field),
  ]);
  return Object.fromEntries(fields);
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new PubsubError('INVALID_ARGUMENT', 'The request is not a JSON object');
}
