import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { parseConfig } from '#shared/config/load-config.ts';
import { ConfigError } from '#shared/config/problem.ts';
import { readTextFile } from '#shared/config/read-file.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { loadKubeconfigs } from '#shared/fleet/kubeconfig/load.ts';
import { defined } from '#shared/core/defined.ts';
import { type Draft, draftConfig } from './draft-config.ts';
import { imagePattern } from './image-pattern.ts';

/** What the options say; what is missing is asked for, where a person can answer. */
export interface InitOptions {
  readonly kubeconfig?: string;
  readonly fleetProject?: readonly string[];
  readonly project?: string;
  readonly image?: readonly string[];
  readonly effect: 'pin' | 'gate';
  readonly signingKey?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly identity?: string;
  readonly force?: boolean;
}

/** Asks a person; undefined where none can answer. */
export type Ask = ((question: string) => Promise<string>) | undefined;

/**
 * Writes a config file, once it passes the check that `config check` makes of it. `-`: only returns its text. Throws
 * `bad-request` for what is missing or in the way, and `bad-config` with every problem of what would be written.
 */
export async function initConfig(file: string, options: InitOptions, ask: Ask): Promise<string> {
  const draft = await completeDraft(file, options, ask);
  const text = draftConfig(draft);
  await checkDraft(file, text);
  if (file !== '-') await writeNew(file, text, options.force ?? false);
  return text;
}

async function checkDraft(file: string, text: string): Promise<void> {
  try {
    await parseConfig(text, {
      file: file === '-' ? 'countersign.yaml' : file,
      readFile: readTextFile,
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [first] = error.problems;
    if (first === undefined) throw error;
    const { path, problem, fix } = first;
    const message = `Nothing is written, for ${path} ${lowered(problem)}: ${lowered(fix)}`;
    throw new CountersignError('bad-request', message, { cause: error });
  }
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

async function writeNew(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const why =
      code === 'EEXIST'
        ? 'is there already: write another name, or --force to replace it'
        : `cannot be written (${code})`;
    throw new CountersignError('bad-request', `${file} ${why}`, { cause });
  }
}

async function completeDraft(file: string, options: InitOptions, ask: Ask): Promise<Draft> {
  const need = needWith(ask);
  const { fleetProject = [], effect, issuer } = options;
  const where = await (fleetProject.length > 0
    ? { projects: fleetProject }
    : askFleet(file, options, need));
  const [host] = 'projects' in where ? where.projects : [];
  const project = options.project ?? host;
  const images =
    options.image ??
    words(
      await need(
        '--image',
        'Images to follow, as HOST/PATH/** or a repository of Artifact Registry',
      ),
    );
  const signer =
    issuer === undefined
      ? { key: await keyOf(file, options, need) }
      : {
          issuer,
          subject: options.subject ?? (await need('--subject', 'Subject of the identity')),
        };
  const usual =
    project === undefined ? 'countersign' : `countersign@${project}.iam.gserviceaccount.com`;
  return {
    fleet: where,
    images: images.map(imagePattern),
    effect,
    signer,
    identity: options.identity ?? usual,
    ...defined({ project }),
  };
}

type Need = (option: string, question: string) => Promise<string>;

function needWith(ask: Ask): Need {
  return async (option, question) => {
    if (ask === undefined) {
      throw new CountersignError(
        'bad-request',
        `${option} is missing, and there is no terminal to ask at: write it`,
      );
    }
    for (;;) {
      const answer = (await ask(`${question}: `)).trim();
      if (answer !== '') return answer;
    }
  };
}

async function askFleet(
  file: string,
  { kubeconfig }: InitOptions,
  need: Need,
): Promise<Draft['fleet']> {
  const answer =
    kubeconfig ??
    (await need(
      '--kubeconfig or --fleet-project',
      'A kubeconfig file, or the project of a GKE fleet',
    ));
  const isFile = kubeconfig !== undefined || /[/.]/.test(answer);
  if (!isFile) return { projects: [answer] };
  const { contexts } = await loadKubeconfigs(answer);
  return { kubeconfig: fromFolderOf(file, answer), contexts: [...contexts.keys()] };
}

async function keyOf(file: string, { signingKey }: InitOptions, need: Need): Promise<string> {
  const key =
    signingKey ??
    (await need(
      '--signing-key or --issuer',
      'The public key of signatures: a PEM file, or gcpkms://…',
    ));
  return key.startsWith('gcpkms://') ? key : fromFolderOf(file, key);
}

/** As the config names a file: from the folder that the config is in. */
function fromFolderOf(file: string, path: string): string {
  const folder = file === '-' ? process.cwd() : dirname(resolve(file));
  const found = relative(folder, resolve(path));
  return found.startsWith('.') ? found : `./${found}`;
}

function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
