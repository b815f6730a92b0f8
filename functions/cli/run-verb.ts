import { CountersignError } from '#shared/core/errors.ts';
import { cleanText } from '#shared/core/foreign-text.ts';
import { hasColour } from './output/colour.ts';
import { type Printing, printViews, textOfView } from './output/print-view.ts';
import type { View } from './output/view.ts';
import { watch } from './output/watch.ts';
import type { Console, ExitCode, Terminal } from './terminal.ts';
import type { Verb, VerbDeps } from './verb.ts';

interface RunDeps extends Omit<VerbDeps, 'terminal'> {
  readonly terminal: Console;
}

/** What `--watch` gives: milliseconds; absent: once. */
interface Watched {
  readonly watch?: number;
}

/**
 * Runs a verb and shows its result as the options ask for; with `--watch` again and again. Throws what the verb throws.
 *
 * @example
 * const code = await runVerb(verb, given, deps);
 */
export async function runVerb(
  verb: Verb,
  { watch: periodMs, ...given }: Watched,
  deps: RunDeps,
): Promise<ExitCode> {
  const { output, quiet = false } = deps.options;
  if (output === 'nomos' && verb.nomos !== true) {
    throw new CountersignError('bad-request', `-o nomos is for status alone: leave it out`);
  }
  const { out, err, live, ask } = deps.terminal;

  async function look(write: Terminal['out']): Promise<{ views: View[]; code: ExitCode }> {
    const views: View[] = [];
    const terminal: Terminal = {
      // What others push must not rule a terminal.
      out: (text) => write(cleanText(text)),
      err,
      live,
      ...(ask && { ask }),
      quiet,
      format: output,
      show: (view) => views.push(view),
    };
    return { code: await verb.run(given, { ...deps, terminal }), views };
  }

  if (periodMs === undefined) {
    const { views, code } = await look(out);
    await printViews(views, printingOf(deps));
    return code;
  }
  const { sleep, date, terminal } = deps;
  return watch({
    async look() {
      let text = '';
      const { views, code } = await look((written) => (text += written));
      const drawn = views.map((view) => textOfView(view, printingOf(deps)));
      return { text: text + drawn.join(''), code };
    },
    out,
    ...(terminal.screen && { rows: () => terminal.screen?.().rows ?? Infinity }),
    periodMs,
    now: date,
    sleep,
    goesOn: () => true,
  });
}

function printingOf({ terminal, env, date, options }: RunDeps): Printing {
  const { output, quiet = false, color, pager } = options;
  const { out, screen, page } = terminal;
  const { columns, rows } = screen?.() ?? { columns: Infinity, rows: Infinity };
  return {
    format: output === 'nomos' ? 'table' : output,
    colour: hasColour(color, screen !== undefined, env),
    quiet,
    columns,
    rows,
    now: date,
    out,
    ...(pager && page !== undefined && { page }),
  };
}
