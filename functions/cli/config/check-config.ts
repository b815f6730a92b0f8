import { fieldOf } from '#shared/config/check.ts';
import type { Config } from '#shared/config/config.ts';
import { inOrder, parseConfig, placeOf, readConfigText } from '#shared/config/load-config.ts';
import { ConfigError, formatProblem } from '#shared/config/problem.ts';
import { readText, readTextFile } from '#shared/config/read-file.ts';
import { rolloutNotes } from '#shared/config/rollout-notes.ts';
import { readYaml } from '#shared/config/yaml-document.ts';
import { checkAround } from './check-around.ts';
import { viewLines } from '../screens/lines.ts';
import { count, type ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';

interface Checked {
  readonly file: string;
}

type Deps = Pick<VerbDeps, 'terminal' | 'stdin' | 'date' | 'env'>;

/**
 * Checks a config file, or standard input for `-`: its problems, or the summary and notes, one line each. 0: it is good,
 * 1: it has problems. Throws `bad-config` where it cannot be read.
 */
export async function checkConfig(
  { file }: Checked,
  { terminal, stdin, date, env }: Deps,
): Promise<ExitCode> {
  try {
    const text = await readConfigText(file, (path, maxBytes) =>
      path === '-' ? readText(stdin, maxBytes) : readTextFile(path, maxBytes),
    );
    const config = await parseConfig(text, { file, readFile: readTextFile });
    const around = await checkAround(config, env);
    if (around.findings.length > 0) {
      const document = readYaml(text);
      const found = around.findings.map((one) => placeOf(one, document));
      throw new ConfigError(file, inOrder(found));
    }
    const notes = [...effectNotes(text), ...rolloutNotes(config, date()), ...around.notes];
    const lines = [summary(file, config), ...notes.map((note) => `${file}: note: ${note}`)];
    terminal.show(viewLines({ file, problems: [], notes }, lines, [file]));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    const lines = problems.map((problem) => formatProblem(file, problem));
    terminal.show(viewLines({ file, problems, notes: [] }, lines));
    return 1;
  }
}

function summary(file: string, config: Config): string {
  const policies = Object.keys(config.trust).length;
  return `${file}: ok, ${count(config.images.length, 'image')}, ${count(policies, 'trust policy', 'trust policies')}, fleet ${config.fleet.type}, store ${config.store.type}`;
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
