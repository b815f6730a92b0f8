import { digestOfCommit } from './digest.ts';
import type { Source } from './rsync.ts';

const OCI_SCHEME = 'oci://';

/**
 * One exact chart version, as charts must have (semantic versioning 2). A git commit or a digest that an earlier
 * source left in the status is none, nor is `latest`, which stays the same word for ever (facts/gate.md).
 */
const VERSION = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const MAX_VERSION = 128;

/** Whether `version` is one exact chart version, which cannot come to mean another. */
export function isExactVersion(version: string): boolean {
  return version.length <= MAX_VERSION && VERSION.test(version);
}

/**
 * What an approval of `commit` is called in `countersign.dev/approved` (DESIGN section 6): the digest, or for Helm
 * over OCI `<host/path>/<chart>:<version>`. The Helm form takes `spec.helm` to the letter, without its `oci://`, for
 * the gate builds the same string in CEL and knows no normal form. `commit` is 64 hex digits or a chart's version;
 * undefined when it is neither, or the source is nothing we follow.
 */
export function approvalKey(source: Source, commit: string): string | undefined {
  if (source.type === 'oci') return digestOfCommit(commit);
  if (source.type !== 'helm') return undefined;
  if (!isExactVersion(commit)) return undefined;
  return `${source.repo.slice(OCI_SCHEME.length)}/${source.chart}:${commit}`;
}
