import { type Expression, type ParserOptions, parseSync, rawTransferSupported } from 'oxc-parser';

const MODULES = 'node_modules/';
/** What a function expression in brackets has before its parameters; the name of its module gives way to it. */
const OPENING = ':(function';
/** A module of a package in its wrapper: what comes behind the bracket is its name. */
const WRAPS = /\b__(?:commonJS|esm)\w*\(\{\s*"node_modules\//;
/** The tree comes as bytes and not as JSON, which would be a third of the work of a build. */
const PARSING: ParserOptions & { experimentalRawTransfer: boolean } = {
  experimentalRawTransfer: rawTransferSupported(),
};

/**
 * Puts the functions into which esbuild wraps CommonJS modules in brackets: V8 compiles such a function with the file
 * that it is in, so that the compile cache has it, and every other one anew in each start (v8.dev/blog/preparser#pife).
 * What stands on a line keeps its column, for the source maps, but for what follows the last module on it.
 *
 * @example
 * await writeFile(path, eagerModules(await readFile(path, 'utf8')));
 */
export function eagerModules(code: string): string {
  // Most chunks have none, and parsing is what costs.
  if (!WRAPS.test(code)) return code;
  const parts: string[] = [];
  let at = 0;
  let shifted = 0;
  for (const { name, start, end } of modulesOf(code)) {
    const before = code.slice(at, name.start);
    if (before.includes('\n')) shifted = 0;
    // In place of `"node_modules/a.js"(exports){…}`: `"a.js":   (function(exports){…})`.
    const padding = ' '.repeat(MODULES.length - OPENING.length - shifted);
    const path = code.slice(name.start + 1 + MODULES.length, name.end);
    const body = code.slice(start, end);
    parts.push(before, `"${path}:${padding}${OPENING.slice(1)}${body})`);
    shifted = 1;
    at = end;
  }
  return [...parts, code.slice(at)].join('');
}

/**
 * `eagerModules` for the files of a build, once for each content: functions have whole chunks in common.
 *
 * @example const makeEager = createEagerModules();
 */
export function createEagerModules(): (code: string) => string {
  const known = new Map<string, string>();
  return (code) => {
    const eager = known.get(code) ?? eagerModules(code);
    known.set(code, eager);
    return eager;
  };
}

interface Wrapped {
  /** The text that names the module. */
  readonly name: { readonly start: number; readonly end: number };
  /** From its parameters to the end of its body. */
  readonly start: number;
  readonly end: number;
}

/** What stands at the top as `var require_a = __commonJS({ "node_modules/a.js"(exports) { … } })`, or with `__esm`. */
function modulesOf(code: string): Wrapped[] {
  const { program } = parseSync('bundle.js', code, PARSING);
  return program.body
    .flatMap((statement) =>
      statement.type === 'VariableDeclaration' ? statement.declarations : [],
    )
    .flatMap(({ init }) => (init === null ? [] : (wrappedIn(init) ?? [])))
    .filter(({ name }) => code.startsWith(`"${MODULES}`, name.start));
}

function wrappedIn(call: Expression): Wrapped | undefined {
  if (call.type !== 'CallExpression' || call.callee.type !== 'Identifier') return undefined;
  const [modules] = call.arguments;
  if (!/^__(?:commonJS|esm)/.test(call.callee.name) || modules?.type !== 'ObjectExpression') {
    return undefined;
  }
  const [module] = modules.properties;
  if (module?.type !== 'Property' || !module.method) return undefined;
  const { key, value } = module;
  return { name: { start: key.start, end: key.end }, start: value.start, end: value.end };
}
