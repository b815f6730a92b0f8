import { describe, expect, it } from 'vitest';
import { eagerModules } from '#infra/build/eager-modules.ts';

const HELPERS =
  'var __commonJS=(cb,mod)=>()=>(mod||(0,Object.values(cb)[0])((mod={exports:{}}).exports,mod),mod.exports),__esm=fn=>()=>Object.values(fn)[0]();\n';
const CODE = [
  'var require_a=__commonJS({"node_modules/a/index.js"(exports,module){module.exports="a})"}}),require_b=__commonJS({"node_modules/b.js"(exports){exports.b=require_a()+`',
  '`}});var require_own=__commonJS({"shared/own.js"(exports){exports.own=1}}),init_c=__esm({"node_modules/c.mjs"(){return 3}});',
].join('\n');

/** Where a text stands: its line, and its column there. */
function placeOf(code: string, text: string): readonly [number, number] {
  const before = code.slice(0, code.indexOf(text)).split('\n');
  return [before.length, before.at(-1)?.length ?? 0];
}

describe('eagerModules()', () => {
  const eager = eagerModules(HELPERS + CODE);

  it('puts the functions of packages in brackets, and no others', () => {
    expect(eager.match(/: *\(function\([a-z,]*\)\{/g)).toHaveLength(3);
    expect(eager).toContain('{"a/index.js":');
    expect(eager).toContain('{"shared/own.js"(exports){');
  });

  it('changes nothing of what they do', () => {
    const run = (code: string): unknown =>
      // oxlint-disable-next-line typescript/no-implied-eval -- what a bundle does is what counts
      new Function(`${code};return [require_a(),require_b().b,require_own().own,init_c()]`)();
    expect(run(eager)).toEqual(['a})', 'a})\n', 1, 3]);
    expect(run(HELPERS + CODE)).toEqual(run(eager));
  });

  it.each(['module.exports=', 'exports.b=', 'return 3'])('keeps the place of %s', (text) => {
    expect(placeOf(eager, text)).toEqual(placeOf(HELPERS + CODE, text));
  });
});
