import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, a minute or more of work or waiting, as `print-longest.ts` says it. A long file that begins last has
 * the other cores wait for it.
 */
const LONGEST = [
  'image',
  'cosign-matrix',
  'docs-clone',
  'local-killed',
  'google-rollouts',
  'rollout-histories',
  'google-examples',
  'terraform',
  'packed-command',
  'gate-attacks',
  'gate',
  'versions',
  'google-disabled',
  'google-functions',
  'google-apply',
  'google-try',
  'publish-config',
  'page',
  'cosign',
  'guides',
  'page-states',
  'google-permissions',
  'page-actions',
  'google-people',
  'admission-rotation',
  'google-endpoints',
  'openapi',
  'private-network',
  'truth',
];

/** Starts the longest files first, on a clean checkout too, where Vitest knows no durations. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    return files.toSorted((one, other) => place(one) - place(other));
  }
}
