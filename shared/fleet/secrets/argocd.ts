import * as z from 'zod';
import { toFailure } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';
import { configOf, type FoundCluster } from './found-cluster.ts';
import type { Secret } from './management-api.ts';

/** Argo CD, "Declarative setup: clusters": what marks a Secret as a cluster's. */
export const ARGOCD_SELECTOR = 'argocd.argoproj.io/secret-type=cluster';

const text = z.string().nullish();
const tlsSchema = () =>
  z.object({
    insecure: z.boolean().nullish(),
    serverName: text,
    caData: text,
    certData: text,
    keyData: text,
  });
const configSchema = z.lazy(() =>
  z.object({
    username: text,
    password: text,
    bearerToken: text,
    proxyUrl: text,
    tlsClientConfig: tlsSchema().nullish(),
    awsAuthConfig: z.object({}).nullish(),
    execProviderConfig: z
      .object({
        command: text,
        args: z.array(z.string()).nullish(),
        env: z.record(z.string(), z.string()).nullish(),
        apiVersion: text,
        installHint: text,
      })
      .nullish(),
  }),
);

/**
 * The cluster of one of Argo CD's Secrets, with the Secret's labels; or why it cannot be used. Never shows what it holds.
 */
export function readArgocdSecret({ metadata, data }: Secret): FoundCluster | string {
  const place = `${metadata.namespace}/${metadata.name}`;
  const secret = `Secret ${place}`;
  const server = decode(data?.['server']);
  const name = decode(data?.['name']) || server;
  if (server === '') return `${secret} has no server`;
  const parsed = configSchema.safeParse(parseJson(decode(data?.['config']) || '{}')).data;
  if (parsed === undefined) return `${secret} has a config that is not JSON of the expected form`;
  const { tlsClientConfig: tls, execProviderConfig: exec, ...own } = parsed;
  if (own.awsAuthConfig) {
    return `${secret} has awsAuthConfig, which is not supported; use execProviderConfig with "aws"`;
  }
  const cluster = {
    server,
    'tls-server-name': tls?.serverName,
    'insecure-skip-tls-verify': tls?.insecure,
    'certificate-authority-data': tls?.caData,
    'proxy-url': own.proxyUrl,
  };
  const user = {
    token: own.bearerToken,
    username: own.username,
    password: own.password,
    'client-certificate-data': tls?.certData,
    'client-key-data': tls?.keyData,
    exec: exec && {
      ...exec,
      env: Object.entries(exec.env ?? {}).map(([key, value]) => ({ name: key, value })),
      interactiveMode: 'Never',
    },
  };
  try {
    const member = { name, id: name, labels: metadata.labels ?? {} };
    return { member, secret: place, config: configOf(name, cluster, user), context: name };
  } catch (error) {
    return `${secret} cannot be used: ${toFailure(error).message}`;
  }
}

/** Data of a Secret, which is in base64. */
export function decode(data: string | undefined): string {
  return Buffer.from(data ?? '', 'base64').toString('utf8');
}
