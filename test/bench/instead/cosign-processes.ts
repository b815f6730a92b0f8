import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from '#test/e2e/tools/process.ts';

/** `cosign verify` of one image after the other, each by a process of its own. */
export interface CosignProcesses {
  /** Of one image. Throws where it does not verify. */
  verify(reference: string): Promise<{ readonly wallMs: number; readonly cpuMs: number }>;
  close(): Promise<void>;
}

/** Throws where there is no cosign, and says how to get it. */
export async function openCosignProcesses(publicKey: string): Promise<CosignProcesses> {
  const command = findTool('cosign3');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-instead-'));
  await writeFile(join(folder, 'release.pub'), publicKey);
  const options = ['--key=release.pub', '--insecure-ignore-tlog=true', '--allow-http-registry'];
  return {
    async verify(reference) {
      const before = await readChildrenCpu();
      const began = performance.now();
      const { code, stderr } = await runProcess({
        command,
        args: ['verify', ...options, reference],
        cwd: folder,
        env: { HOME: folder, DOCKER_CONFIG: folder },
      });
      const wallMs = performance.now() - began;
      if (code !== 0) throw new Error(`cosign verify failed: ${stderr}`);
      return { wallMs, cpuMs: (await readChildrenCpu()) - before };
    },
    close: () => rm(folder, { recursive: true }),
  };
}

/** Linux counts CPU in hundredths of a second (`getconf CLK_TCK`). */
const MS_PER_TICK = 10;

/** CPU of the processes of this one that have ended, in milliseconds: `cutime` and `cstime` of /proc. */
async function readChildrenCpu(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}
