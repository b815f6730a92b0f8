import { firstWords, nounsOf, secondWords } from './complete-words.ts';
import { type Values, valuesOf } from './option-values.ts';
import { flagsOf, type Spelled, takesValue } from './spell-verbs.ts';

/** For zsh 5, sourced after `compinit` or as `_countersign` in its `fpath`. */
export function zshScript(verbs: readonly Spelled[]): string {
  const nouns = nounsOf(verbs);
  return `#compdef countersign
# zsh completion of countersign: source <(countersign completion zsh)
_countersign() {
  local verb="" word prev=\${words[CURRENT-1]}
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    case $word in -*) break ;; esac
    verb="\${verb:+$verb }$word"
    case $verb in ${nouns.join('|')}) ;; *) break ;; esac
  done
  case "$verb:$prev" in
${verbs.flatMap(valueCases).join('\n')}
  esac
  case $verb in
    "") found=(${firstWords(verbs)
      .map((word) => described(word, aboutOf(verbs, word)))
      .join(' ')}) ;;
${nouns.map((noun) => nounCase(verbs, noun)).join('\n')}
${verbs.map(optionCase).join('\n')}
  esac
  _describe countersign found
}
if [ "$funcstack[1]" = "_countersign" ]; then _countersign; else compdef _countersign countersign; fi
`;
}

function valueCases({ words, options }: Spelled): string[] {
  const name = words.join(' ');
  return options.filter(takesValue).map((option) => {
    const patterns = flagsOf(option).map((flag) => `"${name}:${flag}"`);
    return `    ${patterns.join('|')}) ${offered(valuesOf(option))}return ;;`;
  });
}

function offered(values: Values | undefined): string {
  if (values === undefined) return '';
  if (values === 'files') return '_files; ';
  if (values === 'contexts') return 'compadd -- $(countersign context list -o name 2>/dev/null); ';
  return `compadd -- ${values.join(' ')}; `;
}

function nounCase(verbs: readonly Spelled[], noun: string): string {
  const words = secondWords(verbs, noun).map((word) =>
    described(
      word,
      verbs.find(({ words: [first, second] }) => first === noun && second === word)?.about,
    ),
  );
  return `    ${noun}) found=(${words.join(' ')}) ;;`;
}

function optionCase({ words, takes, options }: Spelled): string {
  const flags = options.map(({ long, description }) => described(long ?? '', description));
  const choices = takes[0]?.argChoices;
  const offer =
    choices === undefined
      ? `found=(${flags.join(' ')})`
      : `if [[ $PREFIX == -* ]]; then found=(${flags.join(' ')}); else found=(${choices.join(' ')}); fi`;
  return `    "${words.join(' ')}") ${offer} ;;`;
}

function aboutOf(verbs: readonly Spelled[], word: string): string {
  return (
    verbs.find(({ words: [first, second] }) => first === word && second === undefined)?.about ?? ''
  );
}

/** `'word:what it is'`, where a colon in the word itself would end it. */
function described(word: string, about = ''): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${about}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
