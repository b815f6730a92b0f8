// A function that is still starting when SIGTERM arrives; bundled and started by start.test.ts.
process.stdout.write(`${JSON.stringify({ message: 'Starting' })}\n`);
await new Promise((resolve) => setTimeout(resolve, 60_000));
