import { type CompilePattern, groupsOf } from '#shared/core/track/pattern.ts';

/**
 * Loads the engine of patterns (RE2 syntax), which runs in time that is linear in the tag: tags are the choice of
 * everyone who may push. It is heavy, and loaded only where the config has a pattern.
 *
 * @example
 * const compile = await loadPatterns();
 * compile('^main-[0-9a-f]+-(?<at>[0-9]+)$').match('main-1f2e3d-20261129') // { value: '20261129' }
 */
export async function loadPatterns(): Promise<CompilePattern> {
  const { RE2JS } = await import('re2js');
  return (pattern) => {
    const compiled = RE2JS.compile(pattern);
    const [group] = groupsOf(pattern);
    return {
      match(tag) {
        const matcher = compiled.matcher(tag);
        if (!matcher.matches()) return undefined;
        if (group === undefined) return {};
        const value: string | null | undefined = matcher.group(group);
        return value === null || value === undefined ? undefined : { value };
      },
    };
  };
}
