import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import * as z from 'zod';
import type { Google } from './google.ts';
import { codeOf, type GrpcAnswer, UNIMPLEMENTED } from './grpc.ts';
import type { Reply } from './model.ts';

// Cloud KMS by gRPC, which sigstore's client speaks: google/cloud/kms/v1/service.proto, as far as it is called. Each call
// is one of the REST API.

const field = (type: string, id: number) => ({ type, id });
const typeOf = (fields: Record<string, ReturnType<typeof field>>) => ({ fields });
const method = (name: string, answer: string) => ({
  requestType: `${name}Request`,
  responseType: answer,
  comment: '',
});

const PACKAGE = fromJSON(
  {
    nested: {
      KeyManagementService: {
        methods: {
          GetCryptoKey: method('Get', 'CryptoKey'),
          GetCryptoKeyVersion: method('Get', 'CryptoKeyVersion'),
          GetPublicKey: method('Get', 'PublicKey'),
          AsymmetricSign: method('AsymmetricSign', 'AsymmetricSignResponse'),
        },
      },
      GetRequest: typeOf({ name: field('string', 1) }),
      CryptoKey: typeOf({ name: field('string', 1), purpose: field('int32', 3) }),
      CryptoKeyVersion: typeOf({
        name: field('string', 1),
        state: field('int32', 3),
        algorithm: field('int32', 10),
      }),
      Checksum: typeOf({ value: field('int64', 1) }),
      PublicKey: typeOf({
        pem: field('string', 1),
        algorithm: field('int32', 2),
        pemCrc32c: field('Checksum', 3),
        name: field('string', 4),
      }),
      Digest: typeOf({ sha256: field('bytes', 1) }),
      AsymmetricSignRequest: typeOf({ name: field('string', 1), digest: field('Digest', 3) }),
      AsymmetricSignResponse: typeOf({
        signature: field('bytes', 1),
        signatureCrc32c: field('Checksum', 2),
        verifiedDigestCrc32c: field('bool', 3),
        name: field('string', 4),
      }),
    },
  },
  { longs: String },
);
const SERVICE = PACKAGE['KeyManagementService'];

/** Numbers of the enumerations: ASYMMETRIC_SIGN, ENABLED, EC_SIGN_P256_SHA256. */
const PURPOSE = 5;
const ENABLED = 1;
const ALGORITHM = 12;

const askSchema = z.object({
  name: z.string(),
  digest: z.object({ sha256: z.instanceof(Buffer) }).nullish(),
});
type Ask = z.infer<typeof askSchema>;

/** What a method is by REST, and how its answer is written. */
const METHODS: Readonly<
  Record<
    string,
    {
      rest(ask: Ask): { verb: string; path: string; body?: unknown };
      answer(body: Record<string, string>): object;
    }
  >
> = {
  GetCryptoKey: {
    rest: ({ name }) => ({ verb: 'GET', path: `/v1/${name}` }),
    answer: ({ name }) => ({ name, purpose: PURPOSE }),
  },
  GetCryptoKeyVersion: {
    rest: ({ name }) => ({ verb: 'GET', path: `/v1/${name}` }),
    answer: ({ name }) => ({ name, state: ENABLED, algorithm: ALGORITHM }),
  },
  GetPublicKey: {
    rest: ({ name }) => ({ verb: 'GET', path: `/v1/${name}/publicKey` }),
    answer: ({ name, pem, pemCrc32c }) => ({
      name,
      pem,
      algorithm: ALGORITHM,
      pemCrc32c: { value: pemCrc32c },
    }),
  },
  AsymmetricSign: {
    rest: ({ name, digest }) => ({
      verb: 'POST',
      path: `/v1/${name}:asymmetricSign`,
      body: { digest: { sha256: digest?.sha256.toString('base64') } },
    }),
    answer: ({ name, signature = '', signatureCrc32c }) => ({
      name,
      signature: Buffer.from(signature, 'base64'),
      signatureCrc32c: { value: signatureCrc32c },
      verifiedDigestCrc32c: true,
    }),
  },
};

/** Answers one unary call; `path` is `/google.cloud.kms.v1.KeyManagementService/GetPublicKey`, `frame` its message. */
export function answerKms(
  google: Google,
  { path, member, frame }: { path: string; member: string | undefined; frame: Buffer },
): GrpcAnswer {
  const [, name = ''] = /^\/google\.cloud\.kms\.v1\.KeyManagementService\/(\w+)$/.exec(path) ?? [];
  const known = METHODS[name];
  if (known === undefined || SERVICE === undefined || 'format' in SERVICE)
    return { code: UNIMPLEMENTED, text: `No ${path}` };
  const definition = (SERVICE satisfies ServiceDefinition)[name];
  if (definition === undefined) return { code: UNIMPLEMENTED, text: `No ${path}` };
  const {
    verb,
    path: rest,
    body,
  } = known.rest(askSchema.parse(definition.requestDeserialize(frame)));
  const reply: Reply = google.handle({
    host: 'cloudkms.googleapis.com',
    verb,
    path: rest,
    query: new URLSearchParams(),
    member,
    body,
  });
  if (reply.status === 200)
    return {
      code: 0,
      text: '',
      message: definition.responseSerialize(known.answer(Object(reply.body))),
    };
  const { status, message } = Object(reply.body).error;
  return { code: codeOf(status), text: message };
}
