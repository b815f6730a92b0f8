import compat from 'core-js-compat';

/** The oldest Node that runs the packed command: `process.getBuiltinModule` came with it. */
export const OLDEST_NODE = '20.16';
/** The Node that the sources are written for, and tested on. */
const OWN_NODE = '24.0';

/** `context.source` of `JSON.parse`, which nothing here reads: for it each parse would be by JavaScript, ten times slower. */
const LEFT_OUT = /^es\.json\./;

/**
 * What the language and the web platform have in the pinned Node and lack in the oldest: modules of core-js, each of which
 * does nothing where there is nothing to add. By core-js' own tables, so that no list here grows old.
 */
export function polyfills(): readonly string[] {
  const missing = (node: string) =>
    compat({
      targets: { node },
      modules: [/^es\./, /^esnext\./, /^web\.(?:url|dom-exception|structured)/],
    }).list;
  const missingAnyway = new Set(missing(OWN_NODE));
  return missing(OLDEST_NODE)
    .filter((name) => !missingAnyway.has(name) && !LEFT_OUT.test(name))
    .map((name) => `core-js/modules/${name}.js`);
}
