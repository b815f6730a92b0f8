import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, by the last run on two quiet cores. A long file that begins last has the other cores wait for it. */
const LONGEST = [
  'page-states',
  'image',
  'google-rollouts',
  'google-examples',
  'google-try',
  'cosign-matrix',
  'docs-clone',
  'terraform',
  'packed-command',
  'google-functions',
  'cosign',
  'cosign-attach',
  'versions',
  'google-records',
  'google-apply',
  'google-disabled',
  'google-people',
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
