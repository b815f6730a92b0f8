import { stringify } from 'yaml';

/** What a form may name: a server that verifies no client, its CA, and a client's own pair. */
export interface Places {
  /** `https://127.0.0.1:PORT/KEY`. */
  readonly server: string;
  readonly ca: string;
  readonly client: { readonly key: string; readonly cert: string };
  readonly proxy: string;
}

/** One way to write a kubeconfig: files beside each other, the first of which, or each that `read` names, is read. */
export interface Form {
  readonly files: Readonly<Record<string, string>>;
  readonly read?: readonly string[];
  /** Why the two differ, where they do: kubectl sends a request, and we send none. */
  readonly weRefuse?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const V1 = 'client.authentication.k8s.io/v1';

/** A plugin whose token is what it was given, in base64. */
const PLUGIN = `#!/bin/sh
given=$(printf '%s|%s|%s' "$KUBERNETES_EXEC_INFO" "$OWN" "$*" | base64 | tr -d '\\n=')
version=$(printf %s "$KUBERNETES_EXEC_INFO" | sed 's/.*"apiVersion":"\\([^"]*\\)".*/\\1/')
printf '{"kind":"ExecCredential","apiVersion":"%s","status":{"token":"%s"}}' "$version" "$given"
`;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function config(cluster: Fields, user: Fields | undefined, more: Fields = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'k', cluster }],
    ...(user && { users: [{ name: 'u', user }] }),
    contexts: [{ name: 'c', context: { cluster: 'k', ...(user && { user: 'u' }) } }],
    ...more,
  });
}

function exec(fields: Fields = {}): Fields {
  return {
    exec: {
      apiVersion: V1,
      command: './plugin',
      args: ['a b', 'c'],
      env: [{ name: 'OWN', value: 'x=y' }],
      interactiveMode: 'Never',
      ...fields,
    },
  };
}

/** Every form, by its name. */
export function kubeconfigForms({
  server,
  ca,
  client,
  proxy,
}: Places): Readonly<Record<string, Form>> {
  const known = { server, 'certificate-authority-data': base64(ca) };
  const one = (
    user: Fields | undefined,
    cluster: Fields = known,
    files: Form['files'] = {},
  ): Form => ({
    files: { config: config(cluster, user), ...files },
  });
  const plugin = (fields: Fields = {}, cluster: Fields = known): Form =>
    one(exec(fields), cluster, { plugin: PLUGIN });
  const pair = {
    'client-certificate-data': base64(client.cert),
    'client-key-data': base64(client.key),
  };
  return {
    'a token': one({ token: 'abc' }),
    'a CA in a file': one(
      { token: 'abc' },
      { server, 'certificate-authority': 'ca.pem' },
      { 'ca.pem': ca },
    ),
    'a token in a file': one({ tokenFile: 'sub/../token' }, known, { token: ' abc\n' }),
    'a token, and one in a file': one({ token: 'old', tokenFile: 'token' }, known, {
      token: 'new',
    }),
    'a token file that is missing': one({ tokenFile: 'token' }),
    'a name and password': one({ username: 'ada', password: 'p:w' }),
    'a name and password beyond ASCII': one({ username: 'adä', password: '€' }),
    'a password alone': one({ password: 'p' }),
    'a certificate': one(pair),
    'a certificate in files': one(
      { 'client-certificate': 'c.pem', 'client-key': './k.pem' },
      known,
      { 'c.pem': client.cert, 'k.pem': client.key },
    ),
    'a certificate and a token': one({ ...pair, token: 'abc' }),
    'a certificate without its key': one({ 'client-certificate-data': base64(client.cert) }),
    'a key without its certificate': one({ token: 'abc', 'client-key': 'missing' }),
    'a plugin beside the file': plugin(),
    'an older plugin': plugin({ apiVersion: `${V1}beta1`, interactiveMode: undefined }),
    'a plugin that is given its cluster': plugin(
      { provideClusterInfo: true },
      {
        ...known,
        'disable-compression': true,
        extensions: [
          { name: 'other', extension: { a: 1 } },
          { name: 'client.authentication.k8s.io/exec', extension: { audience: 'x', n: 1 } },
        ],
      },
    ),
    'a plugin beside a token': one({ token: 'abc', ...exec({ command: 'countersign-absent' }) }),
    'a plugin that is not installed': plugin({ command: 'countersign-absent' }),
    'a plugin that is not beside the file': plugin({ command: './absent' }),
    'a plugin that fails': one(exec(), known, { plugin: '#!/bin/sh\nexit 1\n' }),
    'a plugin of another version': one(exec(), known, {
      plugin: PLUGIN.replace('"%s","status"', `"%sbeta1","status"`),
    }),
    'a plugin without a version': plugin({ apiVersion: undefined }),
    'a plugin of a version that is gone': plugin({ apiVersion: `${V1}alpha1` }),
    'a plugin without its mode': plugin({ interactiveMode: undefined }),
    'a plugin that wants a terminal': plugin({ interactiveMode: 'Always' }),
    'another user': one({
      token: 'abc',
      as: 'system:admin',
      'as-uid': 'u-1',
      'as-groups': ['ops', 'dev'],
      'as-user-extra': { reason: ['a', 'b'], 'acme.example/x y%': ['c'] },
    }),
    'another user beyond ASCII': one({ token: 'abc', as: 'jürgen', 'as-groups': ['größe'] }),
    'groups of no other user': one({ token: 'abc', 'as-groups': ['ops'] }),
    'no verification': one({ token: 'abc' }, { server, 'insecure-skip-tls-verify': true }),
    'no verification, and a CA': one(
      { token: 'abc' },
      { ...known, 'insecure-skip-tls-verify': true },
    ),
    'no CA': one({ token: 'abc' }, { server }),
    'two CAs': one(
      { token: 'abc' },
      { ...known, 'certificate-authority': 'ca.pem' },
      { 'ca.pem': ca },
    ),
    'a server name': one({ token: 'abc' }, { ...known, 'tls-server-name': '127.0.0.1' }),
    'a server name that is not its own': one(
      { token: 'abc' },
      { ...known, 'tls-server-name': 'a.test' },
    ),
    'a proxy': one({ token: 'abc' }, { ...known, 'proxy-url': proxy }),
    'a proxy that is none': one({ token: 'abc' }, { ...known, 'proxy-url': 'ftp://127.0.0.1' }),
    'a server with a slash, a query and a fragment': one(
      { token: 'abc' },
      { ...known, server: `${server}/?a=b#c` },
    ),
    'no server': one({ token: 'abc' }, {}),
    'a server without a scheme': one(
      { token: 'abc' },
      { ...known, server: server.replace(/^https:\/\//, '').replace(/\/.*/, '') },
    ),
    'no user': one(undefined),
    'a user that is not there': {
      weRefuse: 'it goes without credentials',
      files: { config: config(known, { token: 'abc' }, { users: [] }) },
    },
    'a token beside a password': one({ token: 'abc', username: 'ada' }),
    'a provider of tokens': one({ 'auth-provider': { name: 'gcp' } }),
    'fields that are unknown or null': one(
      { token: 'abc', Token: 'x', bar: 1, exec: null, 'as-groups': null },
      { ...known, Server: 'x', 'proxy-url': null },
      {},
    ),
    'yes for true': {
      files: {
        config: config({ server, 'insecure-skip-tls-verify': 'YES' }, { token: 'abc' })
          .replace('"YES"', 'yes')
          .replace('YES', 'yes'),
      },
    },
    JSON: {
      files: {
        config: JSON.stringify({
          clusters: [{ name: 'k', cluster: known }],
          users: [{ name: 'u', user: { token: 'abc' } }],
          contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
        }),
      },
    },
    'a number for a token': one({ token: 12_345 }),
    'base64 that is none': one({ token: 'abc' }, { server, 'certificate-authority-data': '?' }),
    'base64 in lines': one(
      { token: 'abc' },
      { server, 'certificate-authority-data': base64(ca).replaceAll(/.{64}/g, '$&\n') },
    ),
    'a user twice': {
      files: {
        config: config(
          known,
          { token: 'abc' },
          {
            users: [
              { name: 'u', user: { token: 'one' } },
              { name: 'u', user: { token: 'two' } },
            ],
          },
        ),
      },
    },
    'another kind': { files: { config: config(known, { token: 'abc' }, { kind: 'Secret' }) } },
    'another version': { files: { config: config(known, { token: 'abc' }, { apiVersion: 'v2' }) } },
    'several files, of which the first wins': {
      files: {
        a: stringify({ users: [{ name: 'u', user: { token: 'first' } }] }),
        b: config(known, { token: 'second', as: 'ada' }),
      },
      read: ['missing', 'a', 'b'],
    },
  };
}
