import type { Plugin } from 'esbuild';

/**
 * Takes `node:domain` out of functions-framework: it runs each request in a domain, which Node carries into every
 * promise and callback of the process from then on, a sixth of a task's CPU. We answer outside of it anyway
 * (`shared/http/serve-function.ts`).
 */
export const withoutDomain: Plugin = {
  name: 'without-domain',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?domain$/ }, ({ path }) => ({
      path,
      namespace: 'without-domain',
    }));
    build.onLoad({ filter: /.*/, namespace: 'without-domain' }, () => ({
      contents: 'exports.create = () => ({ on() {}, run(work) { work(); } });',
      loader: 'js',
    }));
  },
};
