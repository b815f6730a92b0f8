import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runProcess, startProcess } from '#test/e2e/tools/process.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { isAlive } from '#test/fixtures/is-alive.ts';

const command = process.execPath;
const script = (code: string): string[] => ['-e', code];
const STAY = 'setInterval(() => {}, 1000);';

describe('startProcess()', () => {
  it('returns once it is ready, and stops it', async () => {
    const args = script(`${STAY} console.log("listening")`);
    const started = await startProcess({
      command,
      args,
      ready: (text) => text.includes('listening'),
    });
    expect(isAlive(started.pid)).toBe(true);
    await started.stop();
    await started.stop();
    expect(isAlive(started.pid)).toBe(false);
  });

  it('throws with the output when the process ends first', async () => {
    const args = script('console.error("no config"); process.exit(3)');
    const starting = startProcess({ command, args, ready: () => false });
    await expect(starting).rejects.toThrow(/exit 3.*no config/s);
  });

  it('throws with the output when the process is not ready in time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const args = script(`console.log("busy"); ${STAY}`);
    const timeout = 2_000;
    function ready(output: string): boolean {
      if (output.includes('busy')) vi.setSystemTime(Date.now() + timeout + 1);
      return false;
    }
    await expect(startProcess({ command, args, ready, timeout })).rejects.toThrow(
      /not ready in time.*busy/s,
    );
  });

  it('throws when there is no such program', async () => {
    const starting = startProcess({ command: '/nowhere/program', ready: () => false });
    await expect(starting).rejects.toThrow(/could not be started/);
  });
});

describe('runProcess()', () => {
  it('gives exit code, output and error apart, and passes input', async () => {
    const code = 'process.stdin.pipe(process.stdout); console.error("e"); process.exitCode = 4';
    const finished = await runProcess({ command, args: script(code), input: 'in' });
    expect(finished).toEqual({ code: 4, stdout: 'in', stderr: 'e\n' });
  });

  it('throws when there is no such program', async () => {
    await expect(runProcess({ command: '/nowhere/program' })).rejects.toThrow(
      /could not be started/,
    );
  });

  it('ends and throws past its time', async () => {
    const timeout = 54_321;
    using limit = holdTimers(timeout);
    const running = runProcess({ command, args: script(STAY), timeout });
    limit.pass();
    await expect(running).rejects.toThrow(/SIGKILL/);
  });
});
