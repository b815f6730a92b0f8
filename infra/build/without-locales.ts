import type { Plugin } from 'esbuild';

/**
 * Leaves out zod's messages in fifty languages, a quarter of a megabyte that every start would parse: they come in
 * with `@hono/zod-openapi`, which exports all of zod. English is the one that `zod` configures by itself.
 */
export const withoutLocales: Plugin = {
  name: 'without-locales',
  setup(build) {
    build.onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
      contents: 'export {};',
      loader: 'js',
    }));
  },
};
