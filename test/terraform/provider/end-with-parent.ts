const EVERY_MS = 500;

/**
 * Ends this process once the one that started it is gone. Terraform asks its providers to end; a Terraform that was
 * killed asks nothing, and each run of a test that was broken off would leave a provider behind.
 */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, EVERY_MS);
}
