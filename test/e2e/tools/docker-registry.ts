import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '#infra/local/real/find-tool.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';

/**
 * Starts Debian's docker-registry, empty, with deletes allowed, on a free port of this machine. In memory it lists tags in
 * order, and copies a large layer again with each part that comes: for those it is `on disk`, in a folder that goes with it.
 */
export async function startDockerRegistry(kept: 'in memory' | 'on disk' = 'in memory'): Promise<{
  host: string;
  url: string;
  close: () => Promise<void>;
}> {
  const command = findTool('docker-registry');
  const host = `127.0.0.1:${await freePort()}`;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-docker-registry-'));
  const config = join(folder, 'config.yml');
  const disk = { filesystem: { rootdirectory: join(folder, 'content') } };
  await writeFile(config, configFor(host, kept === 'on disk' ? disk : { inmemory: {} }));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const args = ['serve', config];
    const running = await startProcess({
      command,
      args,
      ready: () => answers(`http://${host}/v2/`),
    });
    return {
      host,
      url: `http://${host}`,
      async close() {
        await running.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

function configFor(host: string, storage: object): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { ...storage, delete: { enabled: true } },
    http: { addr: host, secret: 'upload states are signed with it' },
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
