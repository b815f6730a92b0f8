import { fromJSON } from '@grpc/proto-loader';
import * as z from 'zod';
import { type GrpcMethod, type GrpcService, serviceOf } from './grpc.ts';

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

/** Numbers of the enumerations: ASYMMETRIC_SIGN, ENABLED, EC_SIGN_P256_SHA256. */
const PURPOSE = 5;
const ENABLED = 1;
const ALGORITHM = 12;

const askSchema = z.object({
  name: z.string(),
  digest: z.object({ sha256: z.instanceof(Buffer) }).nullish(),
});

const get =
  (suffix = ''): GrpcMethod['rest'] =>
  (ask) => ({
    verb: 'GET',
    path: `/v1/${askSchema.parse(ask).name}${suffix}`,
  });

export const KMS: GrpcService = {
  host: 'cloudkms.googleapis.com',
  definition: serviceOf(PACKAGE, 'KeyManagementService'),
  methods: {
    GetCryptoKey: {
      rest: get(),
      answer: ({ name }) => ({ name, purpose: PURPOSE }),
    },
    GetCryptoKeyVersion: {
      rest: get(),
      answer: ({ name }) => ({ name, state: ENABLED, algorithm: ALGORITHM }),
    },
    GetPublicKey: {
      rest: get('/publicKey'),
      answer: ({ name, pem, pemCrc32c }) => ({
        name,
        pem,
        algorithm: ALGORITHM,
        pemCrc32c: { value: pemCrc32c },
      }),
    },
    AsymmetricSign: {
      rest(ask) {
        const { name, digest } = askSchema.parse(ask);
        const body = { digest: { sha256: digest?.sha256.toString('base64') } };
        return { verb: 'POST', path: `/v1/${name}:asymmetricSign`, body };
      },
      answer: ({ name, signature, signatureCrc32c }) => ({
        name,
        signature: Buffer.from(String(signature), 'base64'),
        signatureCrc32c: { value: signatureCrc32c },
        verifiedDigestCrc32c: true,
      }),
    },
  },
};
