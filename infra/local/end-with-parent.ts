/** Standard input ends with the parent; it must not keep a program alive that is done. */
const WATCH = `process.stdin.on('error', () => {}).on('close', () => process.exit(1)).resume().unref?.();`;

/**
 * Arguments of Node by which a program ends with its parent, however that ends. Its standard input has to be a pipe of
 * the parent's: the system closes it, after SIGKILL too.
 */
export const END_WITH_PARENT: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent(WATCH)}`,
];
