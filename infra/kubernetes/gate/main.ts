import { gateCommand } from './gate-command.ts';

// Should the command itself fail, its status is not to be read as "rendered".
process.exitCode = 2;
process.exitCode = await gateCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
