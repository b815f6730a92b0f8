import type { Option } from 'commander';
import { firstWords, nounsOf, secondWords } from './complete-words.ts';
import { valuesOf } from './option-values.ts';
import { type Spelled, takesValue } from './spell-verbs.ts';

/** For fish 3. */
export function fishScript(verbs: readonly Spelled[]): string {
  const nouns = nounsOf(verbs);
  const first = firstWords(verbs).map((word) => offer([], word, aboutOf(verbs, [word])));
  const second = nouns.flatMap((noun) =>
    secondWords(verbs, noun).map((word) => offer([noun], word, aboutOf(verbs, [noun, word]))),
  );
  const lines = [...first, ...second, ...verbs.flatMap(linesOf)];
  return `# fish completion of countersign: countersign completion fish | source
function __countersign_at
    set -l verb
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and break
        set -a verb $word
        contains -- "$verb" ${nouns.join(' ')}; or break
    end
    test "$verb" = "$argv"
end
complete -c countersign -f
${lines.join('\n')}
`;
}

function linesOf({ words, takes, options }: Spelled): readonly string[] {
  const choices = takes.flatMap(({ argChoices = [] }) => argChoices);
  return [
    ...choices.map((choice) => offer(words, choice, '')),
    ...options.map((option) => `${complete(words)} ${flags(option)}`),
  ];
}

function offer(before: readonly string[], word: string, about: string): string {
  return `${complete(before)} -a ${word}${about === '' ? '' : ` -d ${quoted(about)}`}`;
}

function complete(words: readonly string[]): string {
  return `complete -c countersign -n ${quoted(['__countersign_at', ...words].join(' '))}`;
}

function flags(option: Option): string {
  const { long, short, description } = option;
  const names = [
    ...(long ? [`-l ${long.slice(2)}`] : []),
    ...(short ? [`-s ${short.slice(1)}`] : []),
  ];
  return [
    ...names,
    ...(takesValue(option) ? [valueOf(option)] : []),
    `-d ${quoted(description)}`,
  ].join(' ');
}

function valueOf(option: Option): string {
  const values = valuesOf(option);
  if (values === undefined) return '-x';
  if (values === 'files') return '-r -F';
  if (values === 'contexts')
    return `-x -a ${quoted('(countersign context list -o name 2>/dev/null)')}`;
  return `-x -a ${quoted(values.join(' '))}`;
}

function aboutOf(verbs: readonly Spelled[], typed: readonly string[]): string {
  return verbs.find(({ words }) => words.join(' ') === typed.join(' '))?.about ?? '';
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
