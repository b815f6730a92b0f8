import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createCalls, type Call, jsonCodec } from './calls.ts';
import type { Broker } from './broker.ts';
import { REQUEST_LIMIT } from './limits.ts';
import { PubsubError, toPubsubError } from './pubsub-error.ts';

/**
 * The REST form (cloud.google.com/pubsub/docs/reference/rest): each route names a call and adds
 * what the path says to the body. Errors are Google's `{error: {code, message, status}}`.
 *
 * @example const answer = await createRestApp(broker).request('/v1/projects/local/topics');
 */
export function createRestApp(broker: Broker): Hono {
  const { publisher, subscriber } = createCalls(broker, jsonCodec);
  const topicVerbs = new Map<string, Call>([['publish', publisher.Publish]]);
  const subscriptionVerbs = new Map<string, Call>([
    ['pull', subscriber.Pull],
    ['acknowledge', subscriber.Acknowledge],
    ['modifyAckDeadline', subscriber.ModifyAckDeadline],
    ['modifyPushConfig', subscriber.ModifyPushConfig],
  ]);
  const app = new Hono();

  app.onError((error) => errorResponse(toPubsubError(error)));
  app.notFound((c) => errorResponse(new PubsubError('NOT_FOUND', `No such path: ${c.req.path}`)));
  app.use(bodyLimit({ maxSize: REQUEST_LIMIT, onError: () => errorResponse(tooLarge()) }));

  app.get('/v1/projects/:project/topics', (c) =>
    answer(c, publisher.ListTopics, { project: projectOf(c), ...pageOf(c) }),
  );
  app.get('/v1/projects/:project/topics/:id/subscriptions', (c) =>
    answer(c, publisher.ListTopicSubscriptions, { topic: nameOf(c, 'topics'), ...pageOf(c) }),
  );
  app.get('/v1/projects/:project/topics/:id', (c) =>
    answer(c, publisher.GetTopic, { topic: nameOf(c, 'topics') }),
  );
  app.delete('/v1/projects/:project/topics/:id', (c) =>
    answer(c, publisher.DeleteTopic, { topic: nameOf(c, 'topics') }),
  );
  app.put('/v1/projects/:project/topics/:id', async (c) =>
    answer(c, publisher.CreateTopic, { ...(await bodyOf(c)), name: nameOf(c, 'topics') }),
  );
  app.post('/v1/projects/:project/topics/:id', async (c) => {
    const [topic, call] = verbOf(c, 'topics', topicVerbs);
    return answer(c, call, { ...(await bodyOf(c)), topic });
  });

  app.get('/v1/projects/:project/subscriptions', (c) =>
    answer(c, subscriber.ListSubscriptions, { project: projectOf(c), ...pageOf(c) }),
  );
  app.get('/v1/projects/:project/subscriptions/:id', (c) =>
    answer(c, subscriber.GetSubscription, { subscription: nameOf(c, 'subscriptions') }),
  );
  app.delete('/v1/projects/:project/subscriptions/:id', (c) =>
    answer(c, subscriber.DeleteSubscription, { subscription: nameOf(c, 'subscriptions') }),
  );
  app.put('/v1/projects/:project/subscriptions/:id', async (c) => {
    const name = nameOf(c, 'subscriptions');
    return answer(c, subscriber.CreateSubscription, { ...(await bodyOf(c)), name });
  });
  app.patch('/v1/projects/:project/subscriptions/:id', async (c) => {
    const { subscription, updateMask } = await bodyOf(c);
    const named = { ...asObject(subscription), name: nameOf(c, 'subscriptions') };
    return answer(c, subscriber.UpdateSubscription, { subscription: named, updateMask });
  });
  app.post('/v1/projects/:project/subscriptions/:id', async (c) => {
    const [subscription, call] = verbOf(c, 'subscriptions', subscriptionVerbs);
    return answer(c, call, { ...(await bodyOf(c)), subscription });
  });
  app.all('/v1/projects/:project/:kind{snapshots|schemas}/*', () =>
    errorResponse(new PubsubError('UNIMPLEMENTED', 'Snapshots and schemas are not supported here')),
  );
  return app;
}

async function answer(c: Context, call: Call, request: object): Promise<Response> {
  return c.json(await call(request, c.req.raw.signal));
}

function errorResponse({ httpCode, message, status }: PubsubError): Response {
  return Response.json({ error: { code: httpCode, message, status } }, { status: httpCode });
}

function tooLarge(): PubsubError {
  return new PubsubError('INVALID_ARGUMENT', `The request is larger than ${REQUEST_LIMIT} bytes`);
}

function projectOf(c: Context): string {
  return `projects/${c.req.param('project')}`;
}

function nameOf(c: Context, kind: string): string {
  return `${projectOf(c)}/${kind}/${c.req.param('id')}`;
}

function pageOf(c: Context): object {
  return { pageSize: c.req.query('pageSize'), pageToken: c.req.query('pageToken') };
}

/** `subscriptions/s:pull` is the resource `subscriptions/s` and the verb `pull`. */
function verbOf(c: Context, kind: string, verbs: ReadonlyMap<string, Call>): [string, Call] {
  const name = nameOf(c, kind);
  const colon = name.lastIndexOf(':');
  const call = verbs.get(name.slice(colon + 1));
  if (!call) throw new PubsubError('UNIMPLEMENTED', `No such method: ${name.slice(colon + 1)}`);
  return [name.slice(0, colon), call];
}

async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text === '') return {};
  try {
    return asObject(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof PubsubError) throw cause;
    throw new PubsubError('INVALID_ARGUMENT', 'The request is not valid JSON');
  }
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new PubsubError('INVALID_ARGUMENT', 'The request is not a JSON object');
}
