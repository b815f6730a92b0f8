import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

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
  let wait = RESTART_MS;
  while (!signal.aborted) {
    await run(container, options, signal);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    wait = Math.min(2 * wait, RESTART_CAP_MS);
  }
}

async function run(container: Container, options: PodOptions, signal: AbortSignal): Promise<void> {
  const { folder, bin, kubeconfig, logs } = options;
  const log = openSync(join(logs, `${container.name}.log`), 'a');
  const own = Object.fromEntries(
    container.env.map(({ name, value }) => [name, place(value, folder)]),
  );
  const isReconciler = container.name === 'reconciler';
  const child = spawn(
    join(bin, container.name),
    container.args.map((arg) => place(arg, folder)),
    {
      cwd: folder,
      stdio: ['ignore', log, log],
      env: {
        PATH: `${bin}:/usr/bin:/bin`,
        HOME: join(folder, 'tmp'),
        TMPDIR: join(folder, 'tmp'),
        ...(isReconciler ? { KUBECONFIG: kubeconfig } : {}),
        ...own,
      },
    },
  );
  endWithTests(child);
  closeSync(log);
  const ended = once(child, 'exit');
  const kill = (): void => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS).unref();
  };
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  await ended;
  signal.removeEventListener('abort', kill);
}

/** `/repo`, `/reconciler-signals` and `/.kube` of the pod, wherever a value begins with them. */
function place(value: string, folder: string): string {
  return value.replace(
    /^(--[a-z-]+=)?(?=\/(?:repo|reconciler-signals|\.kube)(?:\/|$))/,
    `$1${folder}`,
  );
}
