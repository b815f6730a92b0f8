import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { readVariables, type Variables } from '#shared/net/environment.ts';
import type { CertificatePair } from './serve-tls.ts';

/**
 * Where the sample webhook's manifests mount the two secrets, and the port that they serve
 * (docs/facts/config-sync.md#image-to-sync).
 */
const TLS_CERT = '/tls/tls.crt';
const TLS_KEY = '/tls/tls.key';
const COSIGN_KEY = '/cosign-key/cosign.pub';
const TLS_PORT = 10_250;
const PORT = 8080;

const HOSTS = /^[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:,[A-Za-z0-9.-]+(?::[0-9]{1,5})?)*$/;

const Environment = z.object({
  COUNTERSIGN_CONFIG: z.string().optional(),
  COUNTERSIGN_TLS: z.enum(['on', 'off'], 'must be on or off').optional(),
  COUNTERSIGN_TLS_CERT: z.string().optional(),
  COUNTERSIGN_TLS_KEY: z.string().optional(),
  /** A public key that stands for the whole config where there is no config file. */
  COUNTERSIGN_COSIGN_KEY: z.string().default(COSIGN_KEY),
  /** Without a config file: registries that are asked by plain HTTP, and may be in a private network. */
  COUNTERSIGN_INSECURE_REGISTRIES: z
    .string()
    .regex(HOSTS, 'must be hosts with their ports, separated by commas')
    .transform((text) => text.toLowerCase().split(','))
    .default([]),
  PORT: z.coerce.number().optional(),
  HOST: z.string().optional(),
  K_SERVICE: z.string().optional(),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
});

const Settings = Environment.transform((data) => {
  const inPod = data.KUBERNETES_SERVICE_HOST !== undefined && data.K_SERVICE === undefined;
  const { COUNTERSIGN_TLS_CERT: cert, COUNTERSIGN_TLS_KEY: key } = data;
  const isNamed = cert !== undefined || key !== undefined;
  const wanted = data.COUNTERSIGN_TLS ?? (inPod || isNamed ? 'on' : 'off');
  const tls: CertificatePair = { cert: cert ?? TLS_CERT, key: key ?? TLS_KEY };
  const everywhere = inPod || data.K_SERVICE !== undefined;
  return {
    /** Serve HTTPS with these; absent: plain HTTP, behind Cloud Run or on this machine. */
    ...defined({ tls: wanted === 'on' ? tls : undefined }),
    cosignKey: data.COUNTERSIGN_COSIGN_KEY,
    insecureRegistries: data.COUNTERSIGN_INSECURE_REGISTRIES,
    /** Whether a config file is named, be it there or not. */
    configured: data.COUNTERSIGN_CONFIG !== undefined,
    port: data.PORT ?? (wanted === 'on' ? TLS_PORT : PORT),
    host: data.HOST ?? (everywhere ? '0.0.0.0' : '127.0.0.1'),
  };
});

/** What admission alone reads from its environment; the rest is `Env`. */
export type AdmissionEnv = Readonly<z.output<typeof Settings>>;

/**
 * Reads `env`; an empty variable counts as unset. HTTPS wherever a certificate is named and in every pod of a cluster;
 * plain HTTP on Cloud Run, which ends TLS in front of us, and on this machine. A pod listens on every address, what
 * runs elsewhere on loopback. Throws `bad-config` naming the variable.
 */
export function readAdmissionEnv(env: Variables): AdmissionEnv {
  return readVariables(Settings, env);
}
