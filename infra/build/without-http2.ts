import type { Plugin } from 'esbuild';

/**
 * Spares Hono's listener `node:http2`, a twentieth of a cold start: it asks of each request whether it came by HTTP/2,
 * and ours come by HTTP/1.1. gRPC has the real one.
 */
export const withoutHttp2: Plugin = {
  name: 'without-http2',
  setup(build) {
    build.onResolve({ filter: /^node:http2$/ }, ({ path, importer }) =>
      /[/\\]@hono[/\\]node-server[/\\]/.test(importer)
        ? { path, namespace: 'without-http2' }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'without-http2' }, () => ({
      contents: 'export class Http2ServerRequest {} export const constants = {};',
      loader: 'js',
    }));
  },
};
