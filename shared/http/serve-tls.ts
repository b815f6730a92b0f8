import { createServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import { type BodyLimits, capBody } from './cap-body.ts';
import { type CertificateFiles, isSameCertificate, readCertificate } from './certificate.ts';
import { drainOnSignals, type Stoppable } from './drain.ts';
import { BODY_DEADLINE_MS, KEEP_ALIVE_MS } from './limits.ts';
import { listen } from './listen.ts';
import type { Log } from './log.ts';
import type { ServeOptions } from './serve-function.ts';
import { watchChange } from './watch.ts';

export interface ServeTlsOptions {
  readonly app: ServeOptions['app'];
  readonly files: CertificateFiles;
  readonly port: number;
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly log: Log;
  readonly process: Stoppable;
  readonly close?: () => Promise<void>;
  readonly pollMs?: number;
  readonly refusal?: BodyLimits['refusal'];
  readonly bodyDeadlineMs?: number;
  readonly drainLimitMs?: number;
}

/** Kubernetes speaks 1.2 and 1.3; older versions are broken. */
const MIN_VERSION = 'TLSv1.2';
const HANDSHAKE_MS = 10_000;
const REQUEST_MS = 20_000;
/** API servers keep some dozens open; more than this are nobody's who means well. */
const MAX_CONNECTIONS = 2_000;
/** Of all bodies in memory: whoever reaches the port may send, and a pod has 256 MiB. */
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;

/**
 * Serves a Hono app over HTTPS, without the framework (DESIGN section 4): behind a body limit, draining as functions
 * do, its certificate replaced while it serves. Resolves with the port once it listens. Throws `bad-config` where the
 * certificate or the address cannot be had.
 */
export async function serveTls(options: ServeTlsOptions): Promise<number> {
  const { app, files, log, maxBodyBytes } = options;
  const certificate = await readCertificate(files);
  const listener = getRequestListener((request, env) => app.fetch(request, env));
  const limits = {
    maxBodyBytes,
    maxTotalBytes: MAX_TOTAL_BYTES,
    deadlineMs: options.bodyDeadlineMs ?? BODY_DEADLINE_MS,
    ...(options.refusal === undefined ? {} : { refusal: options.refusal }),
  };
  const server = createServer(
    {
      ...certificate,
      minVersion: MIN_VERSION,
      handshakeTimeout: HANDSHAKE_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    capBody((req, res) => void listener(req, res), limits),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, options);
  const stop = watchChange({
    read: () => readCertificate(files),
    current: certificate,
    isSame: isSameCertificate,
    use(pair) {
      server.setSecureContext({ ...pair, minVersion: MIN_VERSION });
      log.info({ cert: files.cert }, 'Certificate replaced');
    },
    onFailure: (error) => log.error({ error }, 'Certificate cannot be replaced'),
    ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
  });
  drainOnSignals(server, {
    ...options,
    async close() {
      stop();
      await options.close?.();
    },
  });
  log.info({ port, host: options.host, tls: true }, 'Listening');
  return port;
}
