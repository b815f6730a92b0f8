import * as z from 'zod';
import { type GrpcMethod, type GrpcService, readProtos, serviceOf } from './grpc.ts';

// Pub/Sub and Artifact Registry by gRPC, with the definitions that Google's own clients carry: each call is one of the
// REST API.

const PUBSUB = readProtos('@google-cloud/pubsub/build/protos/protos.json');
const ARTIFACTS = readProtos('@google-cloud/artifact-registry/build/protos/protos.json');

const attributes = z.record(z.string(), z.string()).default({});
const publishSchema = z.object({
  topic: z.string(),
  messages: z.array(
    z.object({ data: z.instanceof(Buffer), attributes, orderingKey: z.string().default('') }),
  ),
});

/** Of the methods of a subscriber, each with some of these. */
const askSchema = z.object({
  subscription: z.string(),
  ackIds: z.array(z.string()).optional(),
  ackDeadlineSeconds: z.number().optional(),
  maxMessages: z.number().optional(),
  returnImmediately: z.boolean().optional(),
});

const receivedSchema = z.object({
  receivedMessages: z
    .array(
      z.object({
        ackId: z.string(),
        message: z.object({
          data: z.string().default(''),
          attributes,
          messageId: z.string(),
          publishTime: z.iso.datetime(),
          orderingKey: z.string().default(''),
        }),
      }),
    )
    .default([]),
});

/** A POST on a subscription, with all but its name as the body. */
const onSubscription =
  (verb: string): GrpcMethod['rest'] =>
  (ask) => {
    const { subscription, ...body } = askSchema.parse(ask);
    return { verb: 'POST', path: `/v1/${subscription}:${verb}`, body };
  };

const nothing = () => ({});
const whole = (body: object) => body;

export const PUBLISHER: GrpcService = {
  host: 'pubsub.googleapis.com',
  definition: serviceOf(PUBSUB, 'google.pubsub.v1.Publisher'),
  methods: {
    Publish: {
      rest(ask) {
        const { topic, messages } = publishSchema.parse(ask);
        const sent = messages.map(({ data, orderingKey, ...rest }) => ({
          ...rest,
          data: data.toString('base64'),
          ...(orderingKey === '' ? {} : { orderingKey }),
        }));
        return { verb: 'POST', path: `/v1/${topic}:publish`, body: { messages: sent } };
      },
      answer: whole,
    },
    ListTopicSubscriptions: {
      rest: (ask) => ({ verb: 'GET', path: `/v1/${Object(ask).topic}/subscriptions` }),
      answer: whole,
    },
  },
};

export const SUBSCRIBER: GrpcService = {
  host: 'pubsub.googleapis.com',
  definition: serviceOf(PUBSUB, 'google.pubsub.v1.Subscriber'),
  methods: {
    GetSubscription: {
      rest: (ask) => ({ verb: 'GET', path: `/v1/${askSchema.parse(ask).subscription}` }),
      // The rest of it is in forms that differ from gRPC's, and that no client here reads.
      answer: ({ name, topic, pushConfig }) => ({
        name,
        topic,
        pushConfig: { pushEndpoint: Object(pushConfig).pushEndpoint },
      }),
    },
    Pull: {
      rest: onSubscription('pull'),
      answer: (body) => ({
        receivedMessages: receivedSchema.parse(body).receivedMessages.map(({ ackId, message }) => ({
          ackId,
          message: {
            ...message,
            data: Buffer.from(message.data, 'base64'),
            publishTime: { seconds: Math.floor(Date.parse(message.publishTime) / 1000) },
          },
        })),
      }),
    },
    Acknowledge: { rest: onSubscription('acknowledge'), answer: nothing },
    ModifyAckDeadline: { rest: onSubscription('modifyAckDeadline'), answer: nothing },
  },
};

export const ARTIFACT_REGISTRY: GrpcService = {
  host: 'artifactregistry.googleapis.com',
  definition: serviceOf(ARTIFACTS, 'google.devtools.artifactregistry.v1.ArtifactRegistry'),
  methods: {
    GetDockerImage: {
      // A colon would begin a custom verb; that of the digest is no such thing.
      rest: (ask) => ({ verb: 'GET', path: `/v1/${String(Object(ask).name).replace(':', '%3A')}` }),
      answer: ({ name, tags }) => ({ name, tags }),
    },
  },
};
