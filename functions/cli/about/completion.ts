import { bashScript } from './complete-bash.ts';
import { fishScript } from './complete-fish.ts';
import { zshScript } from './complete-zsh.ts';
import type { Spelled } from './spell-verbs.ts';

/** Shells that can be taught the verbs. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, (verbs: readonly Spelled[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The script that completes verbs, options and their values in a shell: it asks nothing but contexts. */
export function completionScript(shell: Shell, verbs: readonly Spelled[]): string {
  return SCRIPTS[shell](verbs);
}
