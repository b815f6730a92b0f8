import type { Readable } from 'node:stream';
import { CountersignError } from '#shared/core/errors.ts';
import { fieldOf } from './check.ts';
import type { Config } from './config.ts';
import { buildJsonSchema } from './json-schema.ts';
import { parseConfig, readConfigText } from './load-config.ts';
import { ConfigError, formatProblem } from './problem.ts';
import { readText, readTextFile } from './read-file.ts';
import { rolloutNotes } from './rollout-notes.ts';
import { readYaml } from './yaml-document.ts';

/** Streams and clock of the command, injected for tests. */
export interface CommandStreams {
  readonly now: () => Date;
  readonly stdin: Readable;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** 0: done, 1: the file has problems, 2: it cannot be read, or the command was not understood. */
export type ExitCode = 0 | 1 | 2;

const USAGE = `Usage: npm run check-config -- FILE      check a config file ("-": standard input)
       npm run check-config -- --schema  print the JSON Schema
`;

/** The command `npm run check-config`: problems, or the summary and notes, on standard output, one line each. */
export async function checkConfig(args: string[], streams: CommandStreams): Promise<ExitCode> {
  const { stdin, out, err, now } = streams;
  const [file = '', ...more] = args;
  if (file === '--schema' && more.length === 0) {
    out(`${JSON.stringify(buildJsonSchema(), null, 2)}\n`);
    return 0;
  }
  if (/^(?:-.+|)$/.test(file) || more.length > 0) {
    err(USAGE);
    return 2;
  }
  try {
    const text = await readConfigText(file, (path, maxBytes) =>
      path === '-' ? readText(stdin, maxBytes) : readTextFile(path, maxBytes),
    );
    const config = await parseConfig(text, { file, readFile: readTextFile });
    out(summary(file, config));
    const notes = [...effectNotes(text), ...rolloutNotes(config, now())];
    for (const note of notes) out(`${file}: note: ${note}\n`);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) out(`${formatProblem(file, problem)}\n`);
      return 1;
    }
    if (!(error instanceof CountersignError)) throw error;
    err(`${error.message}\n`);
    return 2;
  }
}

function summary(file: string, config: Config): string {
  const policies = Object.keys(config.trust).length;
  return `${file}: ok, ${count(config.images.length, 'image')}, ${count(policies, 'trust policy', 'trust policies')}, fleet ${config.fleet.type}, store ${config.store.type}\n`;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** Entries that are named; of more only their number is. */
const MAX_NAMED = 5;

/**
 * What a person should know of a good config that does not write the effect of an image: it meant `gate` once, and
 * means `pin` now. One sentence, or none where every entry writes its effect.
 */
export function effectNotes(text: string): readonly string[] {
  const document = readYaml(text);
  const images = document.readable ? fieldOf(document.value, 'images') : undefined;
  if (!Array.isArray(images)) return [];
  const silent = images.flatMap((image: unknown, at) =>
    fieldOf(image, 'effect') === undefined ? [`images[${at}]`] : [],
  );
  if (silent.length === 0) return [];
  const more = silent.length > MAX_NAMED ? ` and ${silent.length - MAX_NAMED} more` : '';
  return [
    `${silent.slice(0, MAX_NAMED).join(', ')}${more} without effect: pin, so that Countersign writes the digest into the spec of what follows; write effect: gate where another party owns that spec`,
  ];
}
