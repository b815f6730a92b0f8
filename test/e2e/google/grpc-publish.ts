import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fromJSON } from '@grpc/proto-loader';
import * as z from 'zod';
import type { Google } from './google.ts';
import { codeOf, type GrpcAnswer, UNIMPLEMENTED } from './grpc.ts';

// Pub/Sub's Publish by gRPC, with the definitions that Google's own client carries: the call is one of the REST API.

const PROTOS = createRequire(import.meta.url).resolve(
  '@google-cloud/pubsub/build/protos/protos.json',
);
const PUBLISHER = fromJSON(JSON.parse(readFileSync(PROTOS, 'utf8')))['google.pubsub.v1.Publisher'];

const askSchema = z.object({
  topic: z.string(),
  messages: z.array(
    z.object({
      data: z.instanceof(Buffer),
      attributes: z.record(z.string(), z.string()).default({}),
      orderingKey: z.string().default(''),
    }),
  ),
});

export function answerPublish(
  google: Google,
  { path, member, frame }: { path: string; member: string | undefined; frame: Buffer },
): GrpcAnswer {
  if (PUBLISHER === undefined || 'format' in PUBLISHER || !path.endsWith('/Publish'))
    return { code: UNIMPLEMENTED, text: `No ${path}` };
  const publish = PUBLISHER['Publish'];
  if (publish === undefined) return { code: UNIMPLEMENTED, text: `No ${path}` };
  const { topic, messages } = askSchema.parse(publish.requestDeserialize(frame));
  const { status, body } = google.handle({
    host: 'pubsub.googleapis.com',
    verb: 'POST',
    path: `/v1/${topic}:publish`,
    query: new URLSearchParams(),
    member,
    body: {
      messages: messages.map(({ data, attributes, orderingKey }) => ({
        data: data.toString('base64'),
        attributes,
        ...(orderingKey === '' ? {} : { orderingKey }),
      })),
    },
  });
  if (status === 200) {
    const { messageIds } = Object(body);
    return { code: 0, text: '', message: publish.responseSerialize({ messageIds }) };
  }
  const { error } = Object(body);
  return { code: codeOf(error.status), text: error.message };
}
