import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningPrometheus } from '#test/contract/evidence/suite.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';

/** Starts Debian's prometheus, which scrapes nothing, on a free port of this machine. */
export async function startPrometheus(): Promise<RunningPrometheus> {
  const command = findTool('prometheus');
  const host = `127.0.0.1:${await freePort()}`;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  await writeFile(config, '{}');
  try {
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${host}`,
      '--log.level=error',
    ];
    const url = `http://${host}`;
    const running = await startProcess({ command, args, ready: () => isReady(url) });
    return {
      url,
      async stop() {
        await running.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}
