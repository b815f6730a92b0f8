import * as z from 'zod';

/** What the program in the namespace is started with. */
export const insideSettings = z.object({
  /** With the config and all that it names. */
  folder: z.string(),
  /** Of the built functions. */
  bundles: z.string(),
  /** The path of the proxy's socket. */
  cable: z.string(),
  /** Where the proxy is reached in the namespace. */
  proxyPort: z.int(),
  sweepMs: z.int(),
});

/** One line of what it says: once what network it has, then each event, and each line that is logged. */
export const insideSaid = z.union([
  z.object({ ready: z.object({ interfaces: z.array(z.string()), routes: z.array(z.string()) }) }),
  z.object({ event: z.object({ type: z.string(), data: z.unknown() }) }),
  z.object({ log: z.string() }),
]);
export type Said = z.infer<typeof insideSaid>;
