/** What a try knows: options, and what its commands printed; `$NAME` in commands and files. */
export type Facts = Readonly<Record<string, string>>;

/** One program that is run, and what must come of it. Nothing goes through a shell. */
export interface Command {
  /** Program and arguments as one types them, with `$NAME` for facts; single quotes keep a word together. */
  readonly run: string;
  /** Where it runs: in the checkout, or in the folder of this try, the default. */
  readonly at?: 'checkout';
  /** The exit code that is right; 0 without it. */
  readonly exit?: number;
  /** What standard output must contain, with `$NAME` for facts. */
  readonly prints?: string;
  /** Its output must be empty. */
  readonly silent?: true;
  /** Repeated until it is right, for as long; else tried once. */
  readonly minutes?: number;
  /** The fact that its standard output becomes. */
  readonly keep?: string;
  /** The file, in the folder of this try, that its standard output becomes. */
  readonly save?: string;
  /** Its output is a secret: it is neither shown nor kept. */
  readonly secret?: true;
  /** Only where the fact is empty, that is, where it was not there before. */
  readonly unless?: string;
}

/** One thing that docs/google-cloud.md lets people do. */
export interface Step {
  readonly id: string;
  /** What is shown and reported: a sentence without its full stop. */
  readonly title: string;
  /** Files in the folder of this try, written before the commands; with `$NAME` for facts. */
  readonly files?: Readonly<Record<string, string>>;
  readonly commands: readonly Command[];
  /** Removes what the step made, also where it stopped half-way. Each is tried, whatever became of the one before. */
  readonly undo?: readonly Command[];
}

/**
 * Puts facts in place of `$NAME` and `${NAME}`. A name that no fact has stays as it is, as in the text of a dry run.
 * @example fill('gs://$PROJECT-x', { PROJECT: 'acme' }) // 'gs://acme-x'
 */
export function fill(text: string, facts: Facts): string {
  return text.replaceAll(
    /\$(?:\{([A-Z_]+)\}|([A-Z_]+))/g,
    (written, braced: string | undefined, plain: string | undefined) =>
      facts[braced ?? plain ?? ''] ?? written,
  );
}

/**
 * The words of a command, with facts put in: a fact is never more than one word.
 * @example wordsOf("crane tag '$IMAGE' v1", { IMAGE: 'a b' }) // ['crane', 'tag', 'a b', 'v1']
 */
export function wordsOf({ run }: Pick<Command, 'run'>, facts: Facts): readonly string[] {
  return (run.match(/(?:[^\s']|'[^']*')+/g) ?? []).map((word) =>
    fill(word.replaceAll("'", ''), facts),
  );
}
