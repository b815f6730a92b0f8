import type { Option } from 'commander';

/** What can be offered for the value of an option: words, the names of files, or contexts. */
export type Values = readonly string[] | 'files' | 'contexts';

const FILES = new Set(['--config', '--dir', '--kubeconfig', '--out', '--key']);

/** Undefined: nothing is known of it. */
export function valuesOf({ long, argChoices }: Option): Values | undefined {
  if (argChoices !== undefined) return argChoices;
  if (long === '--context') return 'contexts';
  return FILES.has(long ?? '') ? 'files' : undefined;
}
