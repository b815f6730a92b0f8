import { join } from 'node:path';
import { findTool } from './find-tool.ts';
import { freePort } from './free-port.ts';
import { type RunningProcess, startProcess } from './process.ts';

/** Starts an empty etcd of one member on free ports of this machine, its data in `folder`. */
export async function startEtcd(folder: string): Promise<RunningProcess & { url: string }> {
  const [client, peer] = [await localUrl(), await localUrl()];
  const args = [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing in it outlives the test.
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
  const command = findTool('etcd');
  const running = await startProcess({ command, args, ready: () => isHealthy(client) });
  return { ...running, url: client };
}

async function localUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
