/**
 * What one operation reads and writes on Firestore, as `test/unit/store/firestore-operations.test.ts` counts it; the documents
 * of names and what a count costs come on top.
 */
export const COUNTED = {
  taskReads: 1,
  taskWrites: 1,
  /** Of each image, in all tasks of one sweep together: what was last published of it. */
  imageReads: 2,
  /** Of one push: records of its image, by digest and by tag. */
  pushReads: 6,
  pushWrites: 4,
  /** Of one sweep, beside what has changed since the last one. */
  sweepReads: 8,
  sweepWrites: 3,
} as const;
