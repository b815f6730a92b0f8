import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { runHistories } from './campaign.ts';

/** A share of a campaign, on a thread of its own. */
const Share = z.object({
  first: z.number(),
  count: z.number(),
  stride: z.number(),
  offset: z.number(),
});

const { first, count, ...share } = Share.parse(workerData);
parentPort?.postMessage(await runHistories(first, count, share), []);
