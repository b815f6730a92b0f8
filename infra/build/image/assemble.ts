import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { run } from './run.ts';

interface AssembleOptions {
  readonly root: string;
  /** Where `rootfs` has been staged. */
  readonly out: string;
  /** A base other than the Dockerfile's, pinned by digest as well. */
  readonly base: string | undefined;
  readonly revision: string | undefined;
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
  const stage = readFinalStage(dockerfile, { BASE: base, REVISION: revision });
  const layers: string[] = [];
  for (const { from, to } of stage.copies) {
    // The place in the image is the place in the archive: nothing is renamed on the way.
    if (from !== to) throw new Error(`COPY ${from} ${to}: both must be the same path`);
    const layer = join(out, `${from.slice(1)}.tar`);
    const what = ['--create', `--file=${layer}`, `--directory=${join(out, 'rootfs')}`];
    await run('tar', [...SAME_BYTES, NO_TIMES, ...what, from.slice(1)], out);
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

/** The last stage of our Dockerfile: what an image has beside its base. */
interface FinalStage {
  base: string;
  readonly labels: Record<string, string>;
  readonly env: Record<string, string>;
  user: string;
  workdir: string;
  entrypoint: readonly string[];
  /** Folders of the build's `/out/rootfs`, each a layer of its own, with their place in the image. */
  readonly copies: { readonly from: string; readonly to: string }[];
}

const CONTINUED = /\\\n\s*/g;
const PAIR = /([\w.]+)=(?:"([^"]*)"|(\S*))/g;
const VARIABLE = /\$\{(\w+)\}/g;
const COPY = /^--from=build \/out\/rootfs(\/\S+) (\/\S+)$/;
const PINNED = /@sha256:[0-9a-f]{64}$/;

/**
 * Reads the last stage, its arguments replaced by `given` or by their defaults, so that the image can be put together
 * without Docker, from the one description there is. Throws on an instruction that it does not know, and on a base
 * that is not pinned by digest.
 */
export function readFinalStage(
  dockerfile: string,
  given: Readonly<Record<string, string | undefined>> = {},
): Readonly<FinalStage> {
  const lines = dockerfile
    .replaceAll(CONTINUED, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const last = lines.findLastIndex((line) => /^FROM\s/.test(line));
  const args = new Map(Object.entries(given).filter(([, value]) => value !== undefined));
  const [labels, env, copies] = [{}, {}, []];
  const stage: FinalStage = {
    base: '',
    labels,
    env,
    user: '',
    workdir: '',
    entrypoint: [],
    copies,
  };
  for (const [index, line] of lines.entries()) {
    const [, instruction = line, text = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    const rest = text.replaceAll(VARIABLE, (_, name: string) => args.get(name) ?? '');
    if (instruction === 'ARG') {
      const [name = '', ...value] = text.split('=');
      if (!args.has(name)) args.set(name, value.join('='));
    } else if (index === last) stage.base = rest;
    else if (index > last && !readInstruction(stage, instruction, rest)) {
      throw new Error(`Cannot put together what the Dockerfile says here: ${line}`);
    }
  }
  if (PINNED.test(stage.base)) return stage;
  throw new Error(`The base must be pinned by digest, as in NAME@sha256:…; it is "${stage.base}"`);
}

/** Adds to the stage what an instruction says; false where it is not known. */
function readInstruction(stage: FinalStage, instruction: string, rest: string): boolean {
  if (instruction === 'LABEL') Object.assign(stage.labels, pairsOf(rest));
  else if (instruction === 'ENV') Object.assign(stage.env, pairsOf(rest));
  else if (instruction === 'USER') stage.user = rest;
  else if (instruction === 'WORKDIR') stage.workdir = rest;
  else if (instruction === 'ENTRYPOINT')
    stage.entrypoint = z.array(z.string()).parse(JSON.parse(rest));
  else {
    const [, from, to] = (instruction === 'COPY' && COPY.exec(rest)) || [];
    if (from === undefined || to === undefined) return false;
    stage.copies.push({ from, to });
  }
  return true;
}

function pairsOf(rest: string): Record<string, string> {
  return Object.fromEntries(
    [...rest.matchAll(PAIR)].map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']),
  );
}
