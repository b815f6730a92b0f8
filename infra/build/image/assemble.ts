import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFinalStage } from './final-stage.ts';
import { run } from './run.ts';

export interface AssembleOptions {
  readonly root: string;
  /** Where `rootfs` has been staged. */
  readonly out: string;
  /** A base other than the Dockerfile's, pinned by digest as well. */
  readonly base?: string;
  readonly revision?: string;
  /** The repository to push to. */
  readonly repository: string;
  /** Path of crane; the one in PATH by default. */
  readonly crane?: string;
}

/** What makes two archives of the same files the same bytes. */
const SAME_BYTES = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=posix'];
const NO_TIMES = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';

/**
 * Puts the image together as the Dockerfile says, without Docker: crane appends one layer per COPY to the base and
 * pushes by digest. Returns the reference with its digest; the same sources and base give the same one.
 */
export async function assembleImage(options: AssembleOptions): Promise<string> {
  const { root, out, base, revision, repository, crane = 'crane' } = options;
  const dockerfile = await readFile(join(root, 'infra', 'image', 'Dockerfile'), 'utf8');
  const given = {
    ...(base === undefined ? {} : { BASE: base }),
    ...(revision === undefined ? {} : { REVISION: revision }),
  };
  const stage = readFinalStage(dockerfile, given);
  const layers: string[] = [];
  for (const { from, to } of stage.copies) {
    // The place in the image is the place in the archive: nothing is renamed on the way.
    if (from !== to) throw new Error(`COPY ${from} ${to}: both must be the same path`);
    const layer = join(out, `${from.slice(1)}.tar`);
    const what = [
      '--create',
      `--file=${layer}`,
      `--directory=${join(out, 'rootfs')}`,
      from.slice(1),
    ];
    await run('tar', [...SAME_BYTES, NO_TIMES, ...what], out);
    layers.push(layer);
  }
  const args = [
    'mutate',
    stage.base,
    '--platform=linux/amd64',
    `--repo=${repository}`,
    ...layers.map((layer) => `--append=${layer}`),
    ...stage.entrypoint.map((word) => `--entrypoint=${word}`),
    // crane splits labels at commas, as CSV: quoted, a value keeps its own.
    ...Object.entries(stage.labels).map(([name, value]) => `--label="${name}=${value}"`),
    ...Object.entries(stage.env).map(([name, value]) => `--env=${name}=${value}`),
    `--user=${stage.user}`,
    `--workdir=${stage.workdir}`,
  ];
  return (await run(crane, args, out)).trim();
}
