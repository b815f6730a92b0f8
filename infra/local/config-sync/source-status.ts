import { posix } from 'node:path';
import type { Spec } from './schema.ts';

/** Where a stage's content comes from, as each stage of the status repeats it. */
export interface SourceStatus {
  readonly ociStatus?: { readonly image: string; readonly dir: string };
  readonly helmStatus?: {
    readonly repo: string;
    readonly chart: string;
    readonly version: string;
  };
}

/** The source of a valid spec; `commit` is what was pulled, which for Helm is the version. */
export function describeSource(spec: Spec, commit: string): SourceStatus {
  if (spec.sourceType === 'oci') {
    return { ociStatus: { image: spec.oci?.image ?? '', dir: normaliseDir(spec.oci?.dir) } };
  }
  if (spec.sourceType === 'git') return {};
  const { repo = '', chart = '' } = spec.helm ?? {};
  return { helmStatus: { repo, chart, version: commit } };
}

/** `spec.oci.dir` relative to the image's root, which is `.`. */
export function normaliseDir(dir = ''): string {
  return posix.join('.', dir.replace(/^\/+/, '')).replace(/(?<=.)\/$/, '');
}
