import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, half a minute or more of work or waiting, as `print-longest.ts` says it. A long file that begins
 * last has the other cores wait for it.
 */
const LONGEST = [
  'image',
  'cosign-matrix',
  'packed-command',
  'docs-clone',
  'google-try',
  'rollout-histories',
  'gate-attacks',
  'local-killed',
  'page-states',
  'google-examples',
  'google-rollouts',
  'google-people',
  'cosign',
  'google-apply',
  'google-disabled',
  'gate',
  'google-permissions',
  'versions',
  'terraform',
  'google-endpoints',
  'guides',
  'admission-rotation',
  'publish-config',
  'cosign-keyless',
  'page-actions',
  'private-network',
  'cosign-attach',
  'docs-night',
  'google-functions',
  'page',
  'admission',
  'pubsub-contract',
  'kube-tools',
  'dead-letters',
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
