/** Which test runs the block `<!-- run: id -->`. A block without a test, and a test without a block, is an error. */
export const RUN_BY: Readonly<Record<string, string>> = {
  'webhook-keys': 'test/e2e/admission-manifests.test.ts',
  'webhook-apply': 'test/e2e/admission-manifests.test.ts',
};
