/** What `--color` takes. */
export const COLOUR_CHOICES = ['auto', 'always', 'never'] as const;

export type ColourChoice = (typeof COLOUR_CHOICES)[number];

/** What of the environment is about colours. */
export interface ColourEnv {
  readonly NO_COLOR?: string | undefined;
  readonly FORCE_COLOR?: string | undefined;
  readonly TERM?: string | undefined;
}

/**
 * Whether a result has colours: as `--color` has it, and else only on a terminal that shows them. `NO_COLOR` of any
 * text takes them away (no-color.org), `FORCE_COLOR` other than 0 brings them to a pipe.
 */
export function hasColour(choice: ColourChoice, isTerminal: boolean, env: ColourEnv): boolean {
  if (choice !== 'auto') return choice === 'always';
  if ((env.NO_COLOR ?? '') !== '') return false;
  const forced = env.FORCE_COLOR ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return isTerminal && env.TERM !== 'dumb';
}
