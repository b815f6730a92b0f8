import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './stage-rootfs.ts';

interface AssembleOptions {
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

/** The last stage of our Dockerfile: what an image has beside its base. */
interface FinalStage {
  readonly base: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  /** Folders of the build's `/out/rootfs`, each a layer of its own, with their place in the image. */
  readonly copies: readonly { readonly from: string; readonly to: string }[];
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
  given: Readonly<Record<string, string>> = {},
): FinalStage {
  const lines = dockerfile
    .replaceAll(CONTINUED, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^(\S+)\s+(.*)$/.exec(line) ?? [line, line, '']);
  const last = lines.findLastIndex(([, instruction]) => instruction === 'FROM');
  const args = new Map(Object.entries(given));
  const known = (text: string): string =>
    text.replaceAll(VARIABLE, (_, name: string) => args.get(name) ?? '');
  const stage = {
    base: '',
    labels: {},
    env: {},
    user: '',
    workdir: '',
    entrypoint: [],
    copies: [],
  };
  let read: FinalStage = stage;
  for (const [index, [line = '', instruction = '', rest = '']] of lines.entries()) {
    if (instruction === 'ARG') {
      const [name = '', ...value] = rest.split('=');
      if (!args.has(name)) args.set(name, value.join('='));
    } else if (index === last) {
      read = { ...read, base: known(rest) };
    } else if (index > last) {
      read = { ...read, ...readInstruction(instruction, known(rest), line, read) };
    }
  }
  if (PINNED.test(read.base)) return read;
  throw new Error(`The base must be pinned by digest, as in NAME@sha256:…; it is "${read.base}"`);
}

function readInstruction(
  instruction: string,
  rest: string,
  line: string,
  read: FinalStage,
): Partial<FinalStage> {
  switch (instruction) {
    case 'LABEL':
      return { labels: { ...read.labels, ...pairsOf(rest) } };
    case 'ENV':
      return { env: { ...read.env, ...pairsOf(rest) } };
    case 'USER':
      return { user: rest };
    case 'WORKDIR':
      return { workdir: rest };
    case 'ENTRYPOINT':
      return { entrypoint: wordsOf(JSON.parse(rest)) };
    case 'COPY': {
      const [, from, to] = COPY.exec(rest) ?? [];
      if (from !== undefined && to !== undefined) {
        return { copies: [...read.copies, { from, to }] };
      }
    }
  }
  throw new Error(`Cannot put together what the Dockerfile says here: ${line}`);
}

function pairsOf(rest: string): Record<string, string> {
  return Object.fromEntries(
    [...rest.matchAll(PAIR)].map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']),
  );
}

function wordsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
