import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OnResolveArgs, Plugin } from 'esbuild';
import * as z from 'zod';
import { type Protos, protosOf } from './protos-of.ts';

const Loading = z.object({ resolveDir: z.string(), file: z.string() });
const Manifest = z.object({ type: z.string().optional() });

const LAZY = 'lazy-package';
/** Neither relative nor one of our own `#room/…` imports; Node's modules resolve as external. */
const BARE = /^[@a-zA-Z0-9]/;
const NAME = /^(?!__esModule$|default$)[A-Za-z_$][\w$]*$/;

/**
 * Gives `await import('package')` the same named exports in a bundle as in Node: of a CommonJS package esbuild's chunk
 * exports but `default`. Their names are those that Node finds, by importing the package while building.
 */
const lazyPackages: Plugin = {
  name: 'lazy-packages',
  setup(build) {
    build.onResolve({ filter: BARE }, async ({ path, kind, resolveDir, namespace }) => {
      if (kind !== 'dynamic-import' || namespace === LAZY) return null;
      // As a statement, lest this same hook be asked again.
      const found = await build.resolve(path, { kind: 'import-statement', resolveDir });
      if (found.errors.length > 0 || found.external || !(await isCommonJs(found.path))) return null;
      return { path, namespace: LAZY, pluginData: { resolveDir, file: found.path } };
    });
    build.onLoad({ filter: BARE, namespace: LAZY }, async ({ path, pluginData }) => {
      const { resolveDir, file } = Loading.parse(pluginData);
      const exported: object = await import(pathToFileURL(file).href);
      const names = Object.keys(exported).filter((name) => NAME.test(name));
      const from = JSON.stringify(path);
      const contents = `export { ${names.join(', ')} } from ${from}; export default require(${from});`;
      return { contents, resolveDir };
    });
  },
};

async function isCommonJs(file: string): Promise<boolean> {
  if (/\.m[jt]s$/.test(file)) return false;
  const manifest = findPackageJSON(pathToFileURL(file));
  if (manifest === undefined) return false;
  return Manifest.parse(JSON.parse(await readFile(manifest, 'utf8'))).type !== 'module';
}

/**
 * Takes `node:domain` out of functions-framework: it runs each request in a domain, which Node carries into every
 * promise and callback of the process from then on, a sixth of a task's CPU. We answer outside of it anyway
 * (`shared/http/serve-function.ts`).
 */
const withoutDomain = insteadOfModule('without-domain', {
  filter: /^(?:node:)?domain$/,
  contents: 'exports.create = () => ({ on() {}, run(work) { work(); } });',
});

/**
 * Spares Hono's listener `node:http2`, a twentieth of a cold start: it asks of each request whether it came by HTTP/2,
 * and ours come by HTTP/1.1. gRPC has the real one.
 */
const withoutHttp2 = insteadOfModule('without-http2', {
  filter: /^node:http2$/,
  where: ({ importer }) => /[/\\]@hono[/\\]node-server[/\\]/.test(importer),
  contents: 'export class Http2ServerRequest {} export const constants = {};',
});

/** Everything but what Node computes when it is first asked for. */
const HTTP_NAMES = Object.keys(http).filter(
  (name) => Object.getOwnPropertyDescriptor(http, name)?.get === undefined,
);

/**
 * Imports `node:http` without its WebSocket: an `import` statement of a module of Node's reads every one of its
 * exports, and those of this one load the whole of undici, which costs a start 30 ms, used or not. What CommonJS
 * packages require is not touched.
 */
const withoutUndici = insteadOfModule('node-http', {
  filter: /^(?:node:)?http$/,
  // Nothing imports it where lazy-packages asks what an import expression leads to: that stays Node's.
  where: ({ kind, importer }) => kind === 'import-statement' && importer !== '',
  contents: [
    "const http = process.getBuiltinModule('node:http');",
    `export const { ${HTTP_NAMES.join(', ')} } = http;`,
    'export default http;',
  ].join('\n'),
});

/**
 * Leaves out zod's messages in fifty languages, a quarter of a megabyte that every start would parse: they come in
 * with `@hono/zod-openapi`, which exports all of zod. English is the one that `zod` configures by itself.
 */
const withoutLocales = insteadOfFiles('without-locales', {
  filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/,
  contents: 'export {};',
  loader: 'js',
});

/**
 * Leaves out the half megabyte of East Asian character tables that functions-framework brings with its body parser:
 * every body is read before that parser sees it (`shared/http/cap-body.ts`), and what we read is UTF-8.
 */
const withoutCharacterTables = insteadOfFiles('without-character-tables', {
  filter: /[/\\]iconv-lite[/\\]encodings[/\\]tables[/\\][^/\\]+\.json$/,
  contents: '[]',
  loader: 'json',
});

/**
 * Leaves out of Google's clients the classes of their messages, three megabytes that would run when a client is loaded:
 * these packages export them to callers, and themselves build what they send from `protos.json`.
 */
const withoutMessageClasses = insteadOfFiles('without-message-classes', {
  filter:
    /[/\\]node_modules[/\\](?:@google-cloud[/\\][^/\\]+|google-gax)[/\\]build[/\\]protos[/\\]\w+\.js$/,
  contents: refusing('exports', 'google', 'The classes of messages'),
  loader: 'js',
});

/**
 * Spares Google's clients the descriptors of all their messages, half of what it takes to make one: `@grpc/proto-loader`
 * computes them for servers that reflect, and a client reads none.
 */
const withoutDescriptors = insteadOfFiles('without-descriptors', {
  filter: /[/\\]node_modules[/\\]protobufjs[/\\]ext[/\\]descriptor[/\\]index\.js$/,
  contents: [
    "const { Enum, Root, Type } = require('../..');",
    'const none = { $type: { toObject: () => undefined } };',
    'for (const kind of [Enum, Type]) kind.prototype.toDescriptor = () => none;',
    'Root.prototype.toDescriptor = () => ({ file: [] });',
  ].join('\n'),
  loader: 'js',
});

/**
 * Gives functions of Pub/Sub's messages what publishing takes: its client builds all of them before its first call. The
 * command, which also pulls, has them all.
 */
export const publishAlone: Plugin = {
  name: 'publish-alone',
  setup(build) {
    const filter = /[/\\]@google-cloud[/\\]pubsub-api[/\\]build[/\\]protos[/\\]protos\.json$/;
    build.onLoad({ filter }, async ({ path }) => {
      const protos: Protos = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify(protosOf(protos, ['Publish'])), loader: 'json' };
    });
  },
};

/** Spares each of Google's clients a second one, for the IAM policies of its resources: no policy is read or written. */
const withoutIamClient = insteadOfFiles('without-iam-client', {
  filter: /[/\\]node_modules[/\\]google-gax[/\\]build[/\\]src[/\\]iamService\.js$/,
  contents: 'exports.IamClient = class { close() { return Promise.resolve(); } };',
  loader: 'js',
});

const KUBERNETES = /[/\\]node_modules[/\\]@kubernetes[/\\]client-node[/\\]dist[/\\]/;

/**
 * Takes of Kubernetes' client what is imported by name (`shared/fleet/kubernetes.ts`), a tenth of its five megabytes.
 * Its package does not say that importing a module of it does nothing else; all but a polyfill for older Nodes keep to it.
 */
const kubernetesByName: Plugin = {
  name: 'kubernetes-by-name',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, importer, resolveDir }) =>
      KUBERNETES.test(importer) ? { path: join(resolveDir, path), sideEffects: false } : undefined,
    );
  },
};

/**
 * Leaves out the HTTP client that Kubernetes' client takes where it is given none: our calls have their own
 * (`shared/fleet/transport.ts`).
 */
const withoutKubernetesFetch = insteadOfFiles('without-kubernetes-fetch', {
  filter: /[/\\]client-node[/\\]dist[/\\]gen[/\\]http[/\\]isomorphic-fetch\.js$/,
  contents: `export class IsomorphicFetchHttpLibrary {} ${refusing('IsomorphicFetchHttpLibrary.prototype', 'send', 'This HTTP client')}`,
  loader: 'js',
});

/**
 * Takes of undici what sends requests, a quarter of a megabyte less in the first task: its `fetch`, which a registry with
 * a CA of its own needs, is run when it is called, and caches, cookies, mocks and WebSockets never.
 */
const undiciInParts = insteadOfFiles('undici-in-parts', {
  filter: /[/\\]node_modules[/\\]undici[/\\]index\.js$/,
  contents: [
    "exports.Agent = require('./lib/dispatcher/agent.js');",
    "exports.EnvHttpProxyAgent = require('./lib/dispatcher/env-http-proxy-agent.js');",
    "exports.fetch = (...given) => require('./lib/web/fetch').fetch(...given);",
    // By which its proxies connect; the whole package gives dispatchers this and more.
    "require('./lib/dispatcher/dispatcher.js').prototype.connect = require('./lib/api/api-connect.js');",
  ].join('\n'),
  loader: 'js',
});

/** A property that says that it is not there, for what must not be missed in silence. */
function refusing(object: string, name: string, what: string): string {
  const problem = `${what} is left out of the bundle (infra/build/plugins.ts)`;
  return `Object.defineProperty(${object}, '${name}', { enumerable: true, get() { throw new Error('${problem}'); } });`;
}

/**
 * Leaves out the table of 2,500 media types that functions-framework brings with its body parser and Express: its
 * answers are ours, and bodies are read before it.
 */
const withoutMediaTypes = insteadOfFiles('without-media-types', {
  filter: /[/\\]node_modules[/\\]mime-db[/\\]db\.json$/,
  contents: JSON.stringify({
    'application/json': { extensions: ['json'] },
    'application/octet-stream': { extensions: ['bin'] },
    'text/html': { extensions: ['html'] },
    'text/plain': { extensions: ['txt'] },
  }),
  loader: 'json',
});

/** What a bundle of a function is built with. */
export const PLUGINS: Plugin[] = [
  lazyPackages,
  kubernetesByName,
  undiciInParts,
  withoutCharacterTables,
  withoutDescriptors,
  withoutDomain,
  withoutHttp2,
  withoutIamClient,
  withoutKubernetesFetch,
  withoutLocales,
  withoutMediaTypes,
  withoutMessageClasses,
  withoutUndici,
];

/** Has `contents` in place of a module of Node's, for the imports that `where` is true of. */
function insteadOfModule(
  name: string,
  module: { filter: RegExp; contents: string; where?: (found: OnResolveArgs) => boolean },
): Plugin {
  const { filter, contents, where = () => true } = module;
  return {
    name,
    setup(build) {
      build.onResolve({ filter }, (found) => {
        if (!where(found)) return undefined;
        return { path: found.path.replace(/^(?:node:)?/, 'node:'), namespace: name };
      });
      build.onLoad({ filter: /.*/, namespace: name }, () => ({ contents }));
    },
  };
}

/** Has other contents in place of every file of that path. */
export function insteadOfFiles(
  name: string,
  { filter, ...loaded }: { filter: RegExp; contents: string; loader: 'js' | 'json' },
): Plugin {
  return { name, setup: (build) => build.onLoad({ filter }, () => loaded) };
}
