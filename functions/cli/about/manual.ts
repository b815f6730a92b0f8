import { TOPICS } from './topics.ts';
import type { Release } from './installation.ts';
import type { Spelled } from './spell-verbs.ts';

/** The manual page `countersign(1)`, in man's own macros (man-pages(7)). */
export function manualPage(verbs: readonly Spelled[], { version }: Release): string {
  const topics = Object.entries(TOPICS).map(
    ([name, text]) => `.SH ${name.toUpperCase().replaceAll('-', ' ')}\n${paragraphs(text)}`,
  );
  return `.TH COUNTERSIGN 1 "" "countersign ${version}" "Countersign"
.SH NAME
countersign \\- ask what runs where and why, and decide on it
.SH SYNOPSIS
.B countersign
.I verb
.RI [ arguments ]
.RI [ options ]
.SH VERBS
${verbs.map(verbSection).join('\n')}
${topics.join('\n')}
`;
}

function verbSection({ words, takes, about, options }: Spelled): string {
  const names = takes.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const flags = options.map(
    ({ flags: text, description }) => `.RS\n.TP\n.B ${roff(text)}\n${line(description)}\n.RE`,
  );
  return [`.TP\n.B ${roff([...words, ...names].join(' '))}`, line(about), ...flags].join('\n');
}

/** A blank line ends a paragraph; what is indented stays as it is. */
function paragraphs(text: string): string {
  return text
    .trim()
    .split('\n\n')
    .map((block) =>
      block.startsWith('  ')
        ? `.PP\n.nf\n${block.split('\n').map(line).join('\n')}\n.fi`
        : `.PP\n${block.split('\n').map(line).join('\n')}`,
    )
    .join('\n');
}

/** A line that begins with a full stop or a quote would be a request. */
function line(text: string): string {
  return roff(text).replace(/^(?=[.'])/, '\\&');
}

function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
