import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileCache } from '#test/compile-cache.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

/** A process under test, read line by line. */
export interface Child {
  readonly pid: number;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Standard error, and standard output that is no JSON. */
  readonly noise: readonly string[];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves with the first line, past or future, that has this message; rejects if it ends without one. */
  line(message: string): Promise<Readonly<Record<string, unknown>>>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a TypeScript or JavaScript file with this Node. */
export function startChild(file: string, env: Readonly<Record<string, string>>): Child {
  const child = endWithTests(() =>
    spawn(process.execPath, [file], {
      env: { PATH: process.env.PATH ?? '', ...compileCache(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const lines: Record<string, unknown>[] = [];
  const noise: string[] = [];
  const waiting = new Map<string, (line: Record<string, unknown>) => void>();
  createInterface(child.stdout).on('line', (text) => {
    const line = parse(text);
    if (line === undefined) {
      noise.push(text);
      return;
    }
    lines.push(line);
    waiting.get(String(line.message))?.(line);
  });
  createInterface(child.stderr).on('line', (text) => noise.push(text));
  const exited: Child['exited'] = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const next = (message: string) =>
    new Promise<Record<string, unknown>>((resolve) => waiting.set(message, resolve));
  const ended = async (message: string): Promise<never> => {
    const { code, signal } = await exited;
    const how = `${file} ended (${signal ?? code}) without "${message}"`;
    throw new Error([how, ...noise].join('\n'));
  };
  return {
    pid: child.pid ?? 0,
    lines,
    noise,
    exited,
    line: async (message) =>
      lines.find((line) => line.message === message) ??
      (await Promise.race([next(message), ended(message)])),
    kill: (signal) => void child.kill(signal),
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
