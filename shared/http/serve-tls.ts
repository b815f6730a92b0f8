import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { CountersignError } from '#shared/core/errors.ts';
import { listenerOf } from './listener-of.ts';
import { SERVER_OPTIONS, type ServeOptions, serve } from './serve.ts';
import { watchChange } from './watch.ts';

export interface ServeTlsOptions extends ServeOptions {
  /** Paths of a certificate and its key. */
  readonly files: CertificatePair;
}

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Kubernetes speaks 1.2 and 1.3; older versions are broken. */
const MIN_VERSION = 'TLSv1.2';
const HANDSHAKE_MS = 10_000;
const REQUEST_MS = 20_000;
/** API servers keep some dozens open; more than this come from an attacker. */
const MAX_CONNECTIONS = 2_000;
/** Of all bodies in memory: all that reach the port may send, and a pod has 256 MiB. */
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;

/**
 * Serves a Hono app over HTTPS, without the framework: behind a body limit, draining as functions do, its certificate
 * replaced while it serves. Resolves with the port once it listens. Throws `bad-config` where the certificate or the
 * address cannot be had.
 */
export async function serveTls(options: ServeTlsOptions): Promise<number> {
  const { app, files, log } = options;
  const certificate = await readCertificate(files);
  const listener = listenerOf(app);
  const server = createServer({
    ...SERVER_OPTIONS,
    ...certificate,
    minVersion: MIN_VERSION,
    handshakeTimeout: HANDSHAKE_MS,
    requestTimeout: REQUEST_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  let stop = (): void => undefined;
  async function close(): Promise<void> {
    stop();
    await options.close?.();
  }
  const answer: RequestListener = (req, res) => void listener(req, res);
  const about = { tls: true, maxTotalBytes: MAX_TOTAL_BYTES } as const;
  const port = await serve(server, answer, { ...options, close }, about);
  stop = watchChange({
    read: () => readCertificate(files),
    current: certificate,
    use(pair) {
      server.setSecureContext({ ...pair, minVersion: MIN_VERSION });
      log.info({ cert: files.cert }, 'Certificate replaced');
    },
    onFailure: (error) => log.error({ error }, 'Certificate cannot be replaced'),
  });
  return port;
}

/**
 * Reads the pair, as PEM. Throws `bad-config` naming the file, or that the two do not fit, as where only one of them has
 * been replaced so far; never what they hold.
 */
async function readCertificate(files: CertificatePair): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readPem(files.cert), readPem(files.key)]);
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    const message = `${files.cert} and ${files.key} are not a certificate and its key (${codeOf(cause)})`;
    throw new CountersignError('bad-config', message);
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const message = `${path} cannot be read (${codeOf(cause)}): mount the TLS secret there, or set COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY`;
    throw new CountersignError('bad-config', message);
  }
}

/** `ENOENT`, `ERR_OSSL_…`: other words of such an error could repeat what a file holds. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown failure';
}
