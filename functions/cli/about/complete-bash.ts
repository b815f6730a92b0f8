import { firstWords, nounsOf, secondWords } from './complete-words.ts';
import { type Values, valuesOf } from './option-values.ts';
import { flagsOf, type Spelled, takesValue } from './spell-verbs.ts';

/** For bash 3.2 and newer, without the package bash-completion. */
export function bashScript(verbs: readonly Spelled[]): string {
  return `# bash completion of countersign: source <(countersign completion bash)
_countersign() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} verb="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case $word in
      -*) break ;;
      *) verb="\${verb:+$verb }$word" ;;
    esac
    case $verb in
      ${nounsOf(verbs).join(' | ')}) ;;
      *) break ;;
    esac
  done
  case "$verb:$prev" in
${verbs.flatMap(valueCases).join('\n')}
  esac
  case $verb in
    "") COMPREPLY=($(compgen -W "${firstWords(verbs).join(' ')}" -- "$cur")) ;;
${nounsOf(verbs)
  .map((noun) => `    ${noun}) ${reply(secondWords(verbs, noun))} ;;`)
  .join('\n')}
${verbs.map(optionCase).join('\n')}
  esac
}
complete -F _countersign countersign
`;
}

function valueCases({ words, options }: Spelled): string[] {
  const name = words.join(' ');
  return options.filter(takesValue).map((option) => {
    const patterns = flagsOf(option).map((flag) => `"${name}:${flag}"`);
    return `    ${patterns.join(' | ')}) ${replyValues(valuesOf(option))} return ;;`;
  });
}

function replyValues(values: Values | undefined): string {
  switch (values) {
    case undefined:
      return '';
    case 'files':
      return 'COMPREPLY=($(compgen -f -- "$cur"));';
    case 'contexts':
      return 'COMPREPLY=($(compgen -W "$(countersign context list -o name 2>/dev/null)" -- "$cur"));';
    default:
      return `${reply(values)};`;
  }
}

function reply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur"))`;
}

/** Options; or, where there is a choice of them, what the argument may be. */
function optionCase({ words, takes, options }: Spelled): string {
  const flags = options.flatMap(({ long }) => long ?? []);
  const choices = takes[0]?.argChoices;
  const offer =
    choices === undefined
      ? reply(flags)
      : `if [[ $cur == -* ]]; then ${reply(flags)}; else ${reply(choices)}; fi`;
  return `    "${words.join(' ')}") ${offer} ;;`;
}
