import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeWorld } from '#infra/local/local-world/describe-local-world.ts';
import { APPROVED } from '#shared/core/annotations.ts';
import { ROOT_SYNC, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';
import { SELDOM } from '#test/patience.ts';

const WATCHED_SECONDS = 3;

let folder: string;
let world: TestWorld;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-steps-'));
  // As people have them: under their own names.
  for (const [name, tool] of [
    ['crane', 'crane'],
    ['oras', 'oras'],
    ['cosign', 'cosign3'],
  ] as const) {
    await symlink(findTool(tool), join(folder, name));
  }
  world = await startTestWorld();
});
afterAll(async () => {
  await world?.stop();
  await rm(folder, { recursive: true });
});

/** Runs lines in a shell that stops at the first that fails. */
async function shell(script: string): Promise<string> {
  const path = [folder, process.env['PATH']].join(delimiter);
  const { code, stdout, stderr } = await runProcess({
    command: 'bash',
    args: ['-euo', 'pipefail', '-c', script],
    cwd: folder,
    env: { PATH: path, HOME: folder },
  });
  if (code !== 0 && code !== 124) throw new Error(`exited ${code}: ${stderr}`);
  return stdout;
}

/** The commands of each paragraph that begins with `title`. */
function commandsOf(title: string): string {
  const paragraph = describeWorld(world, { cwd: folder, empty: true })
    .split('\n\n')
    .find((one) => one.startsWith(title));
  const [, ...lines] = paragraph?.split('\n') ?? [];
  return lines.map((line) => line.trim()).join('\n');
}

it('what the local world says to type next does what it says', async () => {
  await shell(commandsOf('Push an image'));
  await shell(commandsOf('Sign it'));
  const approved = await vi.waitUntil(async () => {
    const { metadata } = await world.get('cluster-1', ROOT_SYNC);
    return metadata.annotations[APPROVED];
  }, SELDOM);
  const seen = await shell(commandsOf('See what was written'));
  expect(seen).toContain(`countersign.dev/approved: ${approved}`);
  expect(seen).toContain('"type":"sync.approved"');
  const watched = await shell(`timeout ${WATCHED_SECONDS} ${commandsOf('Watch a cluster')}`);
  expect(watched).toContain('root-sync');
});
