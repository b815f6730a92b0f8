/** Which test runs the block `<!-- run: id -->`. A block without a test, and a test without a block, is an error. */
export const RUN_BY: Readonly<Record<string, string>> = {};
