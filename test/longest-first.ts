import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Starts the files of these names first, in this order, on a clean checkout too, where Vitest knows no durations: a long
 * file that begins last has the other cores wait for it.
 *
 * @example
 * sequence: { sequencer: longestFirst(['demo', 'local-command']) },
 */
export function longestFirst(names: readonly string[]): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const place = ({ moduleId }: TestSpecification): number => {
        const at = names.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
        return at === -1 ? names.length : at;
      };
      return files.toSorted((one, other) => place(one) - place(other));
    }
  };
}
