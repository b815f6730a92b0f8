import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { readVariables, type Variables } from '#shared/net/environment.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

const PORT_RULE = 'must be a port from 0 to 65535, for instance 8080';
/** An address or name without a scheme, a port or a path. */
const HOST = /^[A-Za-z0-9.:-]+$/;
const LOOPBACK_AND_PORT = /^127\.0\.0\.1:[0-9]{1,5}$/;
/** As `gcloud emulators firestore start` prints it: without a host it picks `[::1]`. */
const ANY_LOOPBACK_AND_PORT = /^(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}$/;
const HOST_AND_PORT = /^[A-Za-z0-9.-]+:[0-9]{1,5}$|^\[[0-9a-f:]+\]:[0-9]{1,5}$/;

const Environment = z.object({
  PORT: z
    .string()
    .regex(/^[0-9]{1,5}$/, PORT_RULE)
    .transform(Number)
    .refine((port) => port <= 65_535, PORT_RULE)
    .default(8080),
  HOST: z.string().regex(HOST, 'must be an address or a name, for instance 127.0.0.1').optional(),
  /** Path of the config file. */
  COUNTERSIGN_CONFIG: z.string().default('countersign.yaml'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  /** Set by Cloud Run: name and revision of this service. */
  K_SERVICE: z.string().optional(),
  K_REVISION: z.string().optional(),
  /** Makes traces clickable in Cloud Logging. */
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  PUBSUB_EMULATOR_HOST: z
    .string()
    .regex(HOST_AND_PORT, 'must be HOST:PORT without a scheme, for instance 127.0.0.1:8085')
    .optional(),
  /** A fake of GKE Hub and Connect Gateway, on this machine only. */
  GKE_HUB_EMULATOR_HOST: z
    .string()
    .regex(LOOPBACK_AND_PORT, 'must be a port of this machine, for instance 127.0.0.1:8086')
    .optional(),
  FIRESTORE_EMULATOR_HOST: z
    .string()
    .regex(ANY_LOOPBACK_AND_PORT, 'must be a port of this machine, for instance 127.0.0.1:8087')
    .optional(),
  /** How many instances of this function there can be: each paces its calls to clusters by its part. */
  COUNTERSIGN_MAX_INSTANCES: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, 'must be a number from 1 to 9999, as in the deployment')
    .transform(Number)
    .default(1),
  /** Connect Gateway's quota, where Google has granted another than the usual one. */
  COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE: z
    .string()
    .regex(/^[1-9][0-9]{1,6}$/, 'must be a number from 10 to 9999999, as the quota page says')
    .transform(Number)
    .optional(),
});

const Settings = Environment.transform((data) => ({
  port: data.PORT,
  host: data.HOST ?? (data.K_SERVICE === undefined ? '127.0.0.1' : '0.0.0.0'),
  configPath: data.COUNTERSIGN_CONFIG,
  logLevel: data.LOG_LEVEL,
  maxInstances: data.COUNTERSIGN_MAX_INSTANCES,
  ...defined({
    gatewayCallsPerMinute: data.COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE,
    service: data.K_SERVICE,
    revision: data.K_REVISION,
    projectId: data.GOOGLE_CLOUD_PROJECT,
    pubsubEmulatorHost: data.PUBSUB_EMULATOR_HOST,
    gkeHubEmulatorHost: data.GKE_HUB_EMULATOR_HOST,
    firestoreEmulatorHost: data.FIRESTORE_EMULATOR_HOST,
  }),
}));

/** What a function reads from its environment, once, at start. */
export type Env = Readonly<z.output<typeof Settings>>;

/**
 * Reads `env` into settings; an empty variable counts as unset. Without HOST, only Cloud Run gets every address:
 * anywhere else we listen on loopback. Throws `bad-config` naming the variable and the fix.
 */
export function readEnv(env: Variables): Env {
  return readVariables(Settings, env);
}
