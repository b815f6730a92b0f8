import { join } from 'node:path';
import * as z from 'zod';
import { type RunningProcess, startProgram } from './program.ts';
import type { ToolBox } from './tool-box.ts';

export interface Etcd extends RunningProcess {
  readonly url: string;
  /** Keeps no revision but the newest. */
  compact(): Promise<void>;
}

/** Starts an empty etcd of one member on free ports of this machine, its data in `folder`. */
export async function startEtcd(folder: string, tools: ToolBox): Promise<Etcd> {
  const [client, peer] = [await localUrl(tools), await localUrl(tools)];
  const args = [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing in it outlives this process.
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
  const command = tools.find('etcd');
  const { env, startMs: timeout } = tools;
  const running = await startProgram({
    command,
    args,
    env,
    timeout,
    ready: () => isHealthy(client),
  });
  return { ...running, url: client, compact: () => compact(client) };
}

const writtenSchema = z.object({ header: z.object({ revision: z.string() }) });

/** By a write of its own, so that whatever was written before is before the newest revision. */
async function compact(url: string): Promise<void> {
  const key = Buffer.from('compacted').toString('base64');
  const written = await call(`${url}/v3/kv/put`, { key, value: key });
  const { revision } = writtenSchema.parse(written).header;
  await call(`${url}/v3/kv/compaction`, { revision, physical: true });
}

async function call(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function localUrl({ freePort }: ToolBox): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
