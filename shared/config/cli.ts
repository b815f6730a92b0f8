import { checkConfig } from './check-config.ts';

// Should the command itself fail, its status is not to be read as "the file has problems".
process.exitCode = 2;
process.exitCode = await checkConfig(process.argv.slice(2), {
  stdin: process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  now: () => new Date(),
});
