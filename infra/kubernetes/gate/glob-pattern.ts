/** Everything that means something in RE2. */
const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/**
 * The anchored RE2 pattern of a `match` in normal form, agreeing with `matchImage` on every repository that
 * references can have: `*` is one segment or a part of it, `**` any segments, at least one at the end.
 */
export function globPattern(glob: string): string {
  if (glob === '**') return '^.+$';
  const [host = '', ...segments] = glob.split('/');
  const last = segments.length - 1;
  const parts = segments.map((segment, index) => {
    if (segment === '**') return index === last ? '(?:/[^/]+)+' : '(?:/[^/]+)*';
    return segment === '*' ? '/[^/]+' : `/${segment.split('*').map(escape).join('[^/]*')}`;
  });
  return `^${escape(host)}${parts.join('')}$`;
}

function escape(literal: string): string {
  return literal.replaceAll(SPECIAL, '\\$&');
}
