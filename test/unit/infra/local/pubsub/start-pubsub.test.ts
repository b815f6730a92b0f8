import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { PubSub } from '@google-cloud/pubsub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPubsub, type RunningPubsub } from '#infra/local/pubsub/start-pubsub.ts';

function portOf({ host }: RunningPubsub): number {
  return Number(host.split(':')[1]);
}

describe('startPubsub()', () => {
  let pubsub: RunningPubsub;

  beforeEach(async () => {
    process.env['METADATA_SERVER_DETECTION'] = 'none';
    pubsub = await startPubsub({ port: 0 });
  });
  afterEach(() => pubsub?.close());

  async function rest(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`http://${pubsub.host}/v1/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  it('listens on the loopback interface only', () => {
    expect(pubsub.host).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it.each([
    [{ mesages: [] }, 'mesages', ''],
    [{ messages: [{}, { ordering_keys: 'x' }] }, 'ordering_keys', " at 'messages[1]'"],
    [{ constructor: 'x' }, 'constructor', ''],
  ])('names the unknown field of %j as Google does', async (body, name, place) => {
    const answer = await rest('POST', 'projects/local/topics/any:publish', body);
    const message = `Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`;
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: { code: 400, status: 'INVALID_ARGUMENT', message } },
    ]);
  });

  it('refuses an unknown parameter, and takes those of every API', async () => {
    const topics = 'projects/local/topics';
    expect((await rest('GET', `${topics}?alt=json&prettyPrint=false&pageSize=1`)).status).toBe(200);
    expect((await rest('GET', `${topics}?pagesize=1`)).status).toBe(400);
  });

  it('says when its port is taken', async () => {
    await expect(startPubsub({ port: portOf(pubsub) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('distinguishes HTTP/1 from HTTP/2 when the first bytes come one by one', async () => {
    const socket = connect(portOf(pubsub), '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    for (const byte of 'PUT /v1/projects/local/topics/slow HTTP/1.1\r\n') {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write('host: local\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['P', 'PR', 'PRI'])(
    'answers others while a connection has sent %o only',
    async (start) => {
      const socket = connect(portOf(pubsub), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(start);
      for (let turn = 0; turn < 5; turn += 1) {
        expect((await rest('GET', 'projects/local/topics')).status).toBe(200);
      }
      socket.destroy();
    },
  );

  it.each(['2147484S', '35792M', '99999999H', '99999999m'])(
    'waits for messages in a call whose deadline is %s away',
    async (timeout) => {
      await rest('PUT', 'projects/local/topics/late');
      await rest('PUT', 'projects/local/subscriptions/late', {
        topic: 'projects/local/topics/late',
      });
      const session = connectHttp2(`http://${pubsub.host}`);
      await once(session, 'remoteSettings');
      const call = session.request({
        ':method': 'POST',
        ':path': '/google.pubsub.v1.Subscriber/Pull',
        'content-type': 'application/grpc',
        'grpc-timeout': timeout,
        te: 'trailers',
      });
      // PullRequest: the subscription is field 1, maxMessages field 3.
      const name = Buffer.from('projects/local/subscriptions/late');
      const request = Buffer.from([0x0a, name.length, ...name, 0x18, 1]);
      const ended = new Promise((resolve) => {
        // What fails at once has its status in the headers.
        for (const event of ['response', 'trailers']) {
          call.on(event, (headers: Record<string, unknown>) => {
            if ('grpc-status' in headers) resolve(headers['grpc-status']);
          });
        }
      });
      call.end(Buffer.from([0, 0, 0, 0, request.length, ...request]));
      // The call is there once what was sent behind it is answered, and then some timers have run.
      await new Promise<void>((resolve) => session.ping(() => resolve()));
      for (let turn = 0; turn < 5; turn += 1) await rest('GET', 'projects/local/topics');
      await rest('POST', 'projects/local/topics/late:publish', {
        messages: [{ data: 'aGVsbG8=' }],
      });
      call.resume();
      expect(await ended).toBe('0');
      session.destroy();
    },
  );

  it('outlives a connection that breaks before it says anything', async () => {
    const socket = connect(portOf(pubsub), '127.0.0.1');
    await once(socket, 'connect');
    socket.resetAndDestroy();
    expect((await rest('GET', 'projects/local/topics')).status).toBe(200);
  });

  it.each([
    ['POST', 'projects/local/subscriptions/sub:seek'],
    ['GET', 'projects/local/snapshots'],
    ['PUT', 'projects/local/snapshots/snap'],
    ['GET', 'projects/local/schemas'],
  ])('answers UNIMPLEMENTED to %s %s', async (method, path) => {
    const answer = await rest(method, path, method === 'GET' ? undefined : {});
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ error: { status: 'UNIMPLEMENTED' } });
  });

  it.each([
    { bigqueryConfig: { table: 'p.d.t' } },
    { cloudStorageConfig: { bucket: 'b' } },
    { messageTransforms: [{ javascriptUdf: {} }] },
    { enableExactlyOnceDelivery: true },
  ])('does not pretend to support %o', async (settings) => {
    await rest('PUT', 'projects/local/topics/topic', {});
    const body = { topic: 'projects/local/topics/topic', ...settings };
    expect((await rest('PUT', 'projects/local/subscriptions/sub', body)).status).toBe(501);
  });

  it.each(['[]', '"x"', '{', 'null'])('refuses the body %s', async (body) => {
    const answer = await fetch(`http://${pubsub.host}/v1/projects/local/topics/topic`, {
      method: 'PUT',
      body,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } });
  });

  it('takes a message of ten million bytes and refuses one more, by either way', async () => {
    await rest('PUT', 'projects/local/topics/topic', {});
    const client = new PubSub({ projectId: 'local', apiEndpoint: pubsub.host, emulatorMode: true });
    const data = Buffer.alloc(10_000_000);
    const topic = client.topic('topic');
    expect(await topic.publishMessage({ data })).toMatch(/^\d+$/);
    await expect(topic.publishMessage({ data, attributes: { a: '' } })).rejects.toMatchObject({
      code: 3,
    });
    const messages = [{ data: data.toString('base64'), attributes: { a: '' } }];
    expect((await rest('POST', 'projects/local/topics/topic:publish', { messages })).status).toBe(
      400,
    );
    await client.close();
  });

  it('ends the stream of a subscription that is deleted', async () => {
    await rest('PUT', 'projects/local/topics/topic', {});
    await rest('PUT', 'projects/local/subscriptions/sub', { topic: 'projects/local/topics/topic' });
    const client = new PubSub({ projectId: 'local', apiEndpoint: pubsub.host, emulatorMode: true });
    const subscription = client.subscription('sub');
    const failed = new Promise((resolve) => subscription.once('error', resolve));
    // A listener that goes would take its stream with it: "on", not "once".
    const delivered = new Promise((resolve) => subscription.on('message', resolve));
    await client.topic('topic').publishMessage({ data: Buffer.from('the stream is open') });
    await delivered;
    await rest('DELETE', 'projects/local/subscriptions/sub');
    expect(await failed).toMatchObject({ code: 5 });
    await subscription.close();
    await client.close();
  });

  it('ends streams, waiting pulls and connections when it stops', async () => {
    await rest('PUT', 'projects/local/topics/topic', {});
    await rest('PUT', 'projects/local/subscriptions/sub', { topic: 'projects/local/topics/topic' });
    const waiting = rest('POST', 'projects/local/subscriptions/sub:pull', { maxMessages: 1 });
    const ended = waiting.then(
      ({ status }) => status,
      () => 'broken',
    );
    const idle = connect(portOf(pubsub), '127.0.0.1');
    await once(idle, 'connect');
    const idleClosed = once(idle, 'close');
    await pubsub.close();
    expect([503, 'broken']).toContain(await ended);
    await idleClosed;
    await expect(rest('GET', 'projects/local/topics')).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
  });
});
