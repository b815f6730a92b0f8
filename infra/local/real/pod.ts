import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { endTogether } from '../end-together.ts';
import { endGroup, endProcess } from './program.ts';

const containerSchema = z.object({
  name: z.string(),
  args: z.array(z.string()).default([]),
  env: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
});

/** The part of a pod template that is played. */
export const templateSchema = z.looseObject({
  spec: z.looseObject({ serviceAccountName: z.string(), containers: z.array(containerSchema) }),
});

export type Template = z.infer<typeof templateSchema>;
type Container = z.infer<typeof containerSchema>;

export interface Pod {
  /** Names of those that are played. */
  readonly containers: readonly string[];
  /** Ends every process; resolves when none is left, and the folder with them. */
  stop: () => Promise<void>;
}

export interface PodOptions {
  readonly template: Template;
  /** Made for the pod, removed with it. */
  readonly folder: string;
  /** Where the containers' binaries are. */
  readonly bin: string;
  readonly kubeconfig: string;
  /** Folder of the logs, one file for each container. */
  readonly logs: string;
  /** Where a container's program looks for others. */
  readonly path: string;
  /** Milliseconds before what ended is started again, the first time. */
  readonly restartMs?: number;
  /** Gets what ended by itself, and how; it is started again. */
  readonly onEnd: (container: string, how: string) => void;
}

/** What of a reconciler's pod is played; the others need Google or git. */
const PLAYED = ['oci-sync', 'helm-sync', 'reconciler', 'hydration-controller'];
const FOLDERS = ['repo/source', 'repo/hydrated', 'reconciler-signals', '.kube', 'tmp'];
const STOP_GRACE_MS = 8_000;
const RESTART_MS = 2_000;
const RESTART_CAP_MS = 60_000;

/**
 * Plays one pod: each container's binary as a plain process, with its arguments and environment; the volumes become
 * one folder. A process that ends is started again, after 2 s and so on, doubled up to a minute, as kubelet does.
 */
export async function startPod(options: PodOptions): Promise<Pod> {
  const { template, folder } = options;
  await rm(folder, { recursive: true, force: true });
  for (const name of FOLDERS) await mkdir(join(folder, name), { recursive: true });
  const stopping = new AbortController();
  const containers = template.spec.containers.filter(({ name }) => PLAYED.includes(name));
  const loops = containers.map((container) => keepRunning(container, options, stopping.signal));
  return {
    containers: containers.map(({ name }) => name),
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function keepRunning(
  container: Container,
  options: PodOptions,
  signal: AbortSignal,
): Promise<void> {
  let wait = options.restartMs ?? RESTART_MS;
  while (!signal.aborted) {
    const how = await run(container, options, signal);
    if (!signal.aborted) options.onEnd(container.name, how);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    wait = Math.min(2 * wait, RESTART_CAP_MS);
  }
}

/** Runs a container to its end; how that was. */
async function run(
  container: Container,
  options: PodOptions,
  signal: AbortSignal,
): Promise<string> {
  const { folder, bin, logs } = options;
  const log = openSync(join(logs, `${container.name}.log`), 'a');
  const child = endTogether(
    () =>
      spawn(
        join(bin, container.name),
        container.args.map((arg) => place(arg, folder)),
        {
          cwd: folder,
          // A group of its own: helm and kustomize end with it, and Ctrl-C in the terminal does not reach it.
          detached: true,
          stdio: ['ignore', log, log],
          env: environmentOf(container, options),
        },
      ),
    'group',
  );
  closeSync(log);
  const ended = once(child, 'exit').then(
    () => child.signalCode ?? `exit ${child.exitCode}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const stop = (): void => void endProcess(child, STOP_GRACE_MS);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const how = await ended;
  signal.removeEventListener('abort', stop);
  endGroup(child);
  return how;
}

function environmentOf(
  { name, env }: Container,
  { folder, kubeconfig, path }: PodOptions,
): Record<string, string> {
  const own = Object.fromEntries(env.map((entry) => [entry.name, place(entry.value, folder)]));
  const temporary = join(folder, 'tmp');
  return {
    PATH: path,
    HOME: temporary,
    TMPDIR: temporary,
    ...(name === 'reconciler' ? { KUBECONFIG: kubeconfig } : {}),
    ...own,
  };
}

/** `/repo`, `/reconciler-signals` and `/.kube` of the pod, wherever a value begins with them. */
function place(value: string, folder: string): string {
  return value.replace(
    /^(--[a-z-]+=)?(?=\/(?:repo|reconciler-signals|\.kube)(?:\/|$))/,
    `$1${folder}`,
  );
}
