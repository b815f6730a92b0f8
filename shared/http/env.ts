import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { readVariables, type Variables } from '#shared/net/environment.ts';

/** What a function reads from its environment, once, at start. */
export interface Env {
  readonly port: number;
  readonly host: string;
  /** Path of the config file. */
  readonly configPath: string;
  readonly logLevel: LogLevel;
  /** Set by Cloud Run: name and revision of this service. */
  readonly service?: string;
  readonly revision?: string;
  /** Makes traces clickable in Cloud Logging. */
  readonly projectId?: string;
  readonly pubsubEmulatorHost?: string;
  /** `127.0.0.1:8086`: a fake of GKE Hub and Connect Gateway, on this machine only. */
  readonly gkeHubEmulatorHost?: string;
  /** `127.0.0.1:8087`: an emulator of Firestore, on this machine only. */
  readonly firestoreEmulatorHost?: string;
  /** How many instances of this function there can be: each paces its calls to clusters by its part. */
  readonly maxInstances: number;
  /** Connect Gateway's quota, where Google has granted another than the usual one. */
  readonly gatewayCallsPerMinute?: number;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** An address or name without a scheme, a port or a path. */
const HOST = /^[A-Za-z0-9.:-]+$/;
const LOOPBACK_AND_PORT = /^127\.0\.0\.1:[0-9]{1,5}$/;
/** As `gcloud emulators firestore start` prints it: without a host it picks `[::1]`. */
const ANY_LOOPBACK_AND_PORT = /^(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}$/;
const HOST_AND_PORT = /^[A-Za-z0-9.-]+:[0-9]{1,5}$|^\[[0-9a-f:]+\]:[0-9]{1,5}$/;

const Environment = z.object({
  PORT: z
    .string()
    .regex(/^[0-9]{1,5}$/, 'must be a port from 0 to 65535, for instance 8080')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port from 0 to 65535, for instance 8080')
    .optional(),
  HOST: z.string().regex(HOST, 'must be an address or a name, for instance 127.0.0.1').optional(),
  COUNTERSIGN_CONFIG: z.string().optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).optional(),
  K_SERVICE: z.string().optional(),
  K_REVISION: z.string().optional(),
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  PUBSUB_EMULATOR_HOST: z
    .string()
    .regex(HOST_AND_PORT, 'must be HOST:PORT without a scheme, for instance 127.0.0.1:8085')
    .optional(),
  GKE_HUB_EMULATOR_HOST: z
    .string()
    .regex(LOOPBACK_AND_PORT, 'must be a port of this machine, for instance 127.0.0.1:8086')
    .optional(),
  FIRESTORE_EMULATOR_HOST: z
    .string()
    .regex(ANY_LOOPBACK_AND_PORT, 'must be a port of this machine, for instance 127.0.0.1:8087')
    .optional(),
  COUNTERSIGN_MAX_INSTANCES: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, 'must be a number from 1 to 9999, as in the deployment')
    .transform(Number)
    .optional(),
  COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE: z
    .string()
    .regex(/^[1-9][0-9]{1,6}$/, 'must be a number from 10 to 9999999, as the quota page says')
    .transform(Number)
    .optional(),
});

/**
 * Reads `env` into settings; an empty variable counts as unset. Without HOST, only Cloud Run gets every address:
 * anywhere else we listen on loopback. Throws `bad-config` naming the variable and the fix.
 */
export function readEnv(env: Variables): Env {
  const data = readVariables(Environment, env);
  return {
    port: data.PORT ?? 8080,
    host: data.HOST ?? (data.K_SERVICE === undefined ? '127.0.0.1' : '0.0.0.0'),
    configPath: data.COUNTERSIGN_CONFIG ?? 'countersign.yaml',
    logLevel: data.LOG_LEVEL ?? 'info',
    maxInstances: data.COUNTERSIGN_MAX_INSTANCES ?? 1,
    ...defined({
      gatewayCallsPerMinute: data.COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE,
      service: data.K_SERVICE,
      revision: data.K_REVISION,
      projectId: data.GOOGLE_CLOUD_PROJECT,
      pubsubEmulatorHost: data.PUBSUB_EMULATOR_HOST,
      gkeHubEmulatorHost: data.GKE_HUB_EMULATOR_HOST,
      firestoreEmulatorHost: data.FIRESTORE_EMULATOR_HOST,
    }),
  };
}
