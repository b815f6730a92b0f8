import * as z from 'zod';

/**
 * A kubeconfig as kubectl reads it (k8s.io/client-go, `tools/clientcmd/api/v1`): names are case-sensitive, null is absent,
 * and what it does not know is ignored.
 */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** What a field ending in `-data` holds: text, most often PEM, in base64, which may be written in lines. */
const data = text
  .transform((value) => value.replaceAll(/[\r\n]/g, ''))
  .refine((value) => BASE64.test(value), 'is not base64')
  .transform((value) => Buffer.from(value, 'base64').toString('utf8'));

const clusterSchema = () =>
  z.object({
    server: text,
    'tls-server-name': text,
    'insecure-skip-tls-verify': flag,
    'certificate-authority': text,
    'certificate-authority-data': data,
    'proxy-url': text,
    'disable-compression': flag,
    extensions: z.array(z.object({ name: text, extension: z.unknown() })).nullish(),
  });

const execSchema = () =>
  z.object({
    apiVersion: text,
    command: text,
    args: texts,
    env: z.array(z.object({ name: text, value: text })).nullish(),
    installHint: text,
    provideClusterInfo: flag,
    interactiveMode: text,
  });

const userSchema = () =>
  z.object({
    'client-certificate': text,
    'client-certificate-data': data,
    'client-key': text,
    'client-key-data': data,
    token: text,
    tokenFile: text,
    as: text,
    'as-uid': text,
    'as-groups': texts,
    'as-user-extra': z.record(z.string(), z.array(z.string())).nullish(),
    username: text,
    password: text,
    'auth-provider': z.object({ name: text }).nullish(),
    exec: execSchema().nullish(),
  });

const contextSchema = () => z.object({ cluster: text, user: text });

/** The parts of the file, each named; a part without content has every field empty. */
export const kubeconfigSchema = z.lazy(() =>
  z.object({
    'current-context': text,
    apiVersion: z.literal(['v1', '']).nullish(),
    kind: z.literal(['Config', '']).nullish(),
    clusters: z.array(z.object({ name: text, cluster: clusterSchema().prefault({}) })).nullish(),
    users: z.array(z.object({ name: text, user: userSchema().prefault({}) })).nullish(),
    contexts: z
      .array(z.object({ name: z.string().min(1), context: contextSchema().prefault({}) }))
      .nullish(),
  }),
);

export type KubeCluster = z.infer<ReturnType<typeof clusterSchema>>;
export type KubeUser = z.infer<ReturnType<typeof userSchema>>;
export type KubeExec = z.infer<ReturnType<typeof execSchema>>;

/** A part of a kubeconfig, and the folder against which its paths are resolved. */
export interface Placed<T> {
  readonly folder: string;
  readonly value: T;
}

/** One or several files, read as one. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, Placed<KubeCluster>>;
  readonly users: ReadonlyMap<string, Placed<KubeUser>>;
  readonly contexts: ReadonlyMap<string, z.infer<ReturnType<typeof contextSchema>>>;
  /** Its `current-context`; empty where there is none. */
  readonly current: string;
}
