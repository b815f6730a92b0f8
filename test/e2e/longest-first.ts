import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, a minute or more of work or waiting. A long file that begins last has the other cores wait for it. */
const LONGEST = [
  'cosign-matrix',
  'docs-clone',
  'google-try',
  'image',
  'google-examples',
  'google-rollouts',
  'terraform',
  'packed-command',
  'versions',
  'page-states',
  'google-functions',
  'google-disabled',
  'google-records',
  'google-apply',
  'cosign-attach',
  'cosign-keyless',
  'private-network',
  'google-people',
  'cosign',
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
