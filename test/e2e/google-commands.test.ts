import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedBlock } from '#test/docs/blocks.ts';
import { readAllPages } from '#test/docs/markdown.ts';
import { type Front, startFront } from './google/front.ts';
import { openPrograms, type Programs } from './google/programs.ts';
import { OWNER, type RunningGoogle, startGoogle } from './google/start.ts';
import { createStorageFront } from './google/storage.ts';

// The commands of the documents: each is one that gcloud's own parser takes, in the release track that it names, and
// those that need no cluster are run by gcloud against the emulated Google.

const ROOT = join(import.meta.dirname, '../..');
const PROJECT = 'acme-prod';

let google: RunningGoogle;
let front: Front;
let programs: Programs;

beforeAll(async () => {
  google = await startGoogle();
  front = await startFront(google, [createStorageFront()]);
  programs = await openPrograms(front);
});
afterAll(async () => {
  await programs?.close();
  await front?.close();
  await google?.close();
});

/** Words of a shell as far as the documents have them: quoted, or without what ends a command. */
const WORD = /(?:'[^']*'|"[^"]*"|[^\s|&;)'"`])+/.source;
const COMMAND = new RegExp(`\\bgcloud(?: +(?:${WORD}))+`, 'g');

/** In Google's reference of gcloud (docs.cloud.google.com/sdk/gcloud/reference), and not in release 528. */
const NEWER = /^gcloud firestore databases clone /;

/** Every command of gcloud in the pages, with its place; variables and what commands print are some value. */
function commandsOfPages(): readonly (readonly [command: string, place: string])[] {
  const found = new Map<string, string>();
  for (const { path, prose, blocks } of readAllPages()) {
    const inline = [...prose.matchAll(/`(gcloud [^`]+)`/g)].map(([, text = '']) => text);
    for (const text of [
      ...blocks.filter(({ language }) => language === 'sh').map((block) => block.text),
      ...inline,
    ]) {
      const plain = text
        .replaceAll(/\\\n\s*/g, ' ')
        .replaceAll(/^\s*#.*$/gm, '')
        .replaceAll(/\$\((?!gcloud)[^()]*\)/g, 'value')
        .replaceAll(/\$\{?\w+\}?/g, 'value');
      for (const [command] of plain.matchAll(COMMAND)) found.set(command.trim(), path);
    }
  }
  // What is only named in prose has no arguments, or dots for them.
  return [...found].filter(
    ([command]) => command.includes('--') && !/…|\.\.\./.test(command) && !NEWER.test(command),
  );
}

/** What gcloud's own parser finds wrong with each; undefined: nothing. One process, for each takes a second to start. */
async function lint(commands: readonly string[]): Promise<readonly (string | undefined)[]> {
  const file = join(programs.folder, 'commands.json');
  await writeFile(file, JSON.stringify(commands.map((one) => ({ command_string: one }))));
  // It prints every flag of each command: more than is kept of the output of a process.
  const script = `gcloud meta lint-gcloud-commands --commands-file=${file} --serialize > ${file}.out`;
  const { code, stderr } = await programs.run(OWNER, ['bash', '-c', script]);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  const results: unknown = JSON.parse(await readFile(`${file}.out`, 'utf8'));
  return commands.map((_, at) => {
    const [{ success, error_message: problem }] = Object(results)[at];
    return success === true ? undefined : String(problem);
  });
}

describe("gcloud's own parser", () => {
  const commands = commandsOfPages();
  const beta = 'gcloud run services update x --iap --region=us-central1';
  let problems: readonly (string | undefined)[];

  beforeAll(async () => {
    problems = await lint([...commands.map(([command]) => command), beta]);
  });

  it('is shown all of them', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(problems).toHaveLength(commands.length + 1);
  });

  it.each(commands.map((one, at) => [...one, at] as const))('takes %s (%s)', (_, __, at) => {
    expect(problems[at]).toBeUndefined();
  });

  it('knows what is beta only', () => {
    expect(problems.at(-1)).toContain('gcloud beta run services');
  });
});

describe('generate-gateway-rbac', () => {
  it('writes who may impersonate, and the role, as the page has it', async () => {
    const block = documentedBlock('google-gateway-rbac');
    const env = { PROJECT, MEMBERSHIP: 'edge-1', CLOUDSDK_CORE_DISABLE_PROMPTS: '1' };
    const { code, stderr } = await programs.run(OWNER, ['bash', '-c', block], env);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    const text = await readFile(join(programs.folder, 'gateway-rbac.yaml'), 'utf8');
    const objects = parseAllDocuments(text).flatMap((one) => one.toJS() ?? []);
    const user = `countersign@${PROJECT}.iam.gserviceaccount.com`;
    const rules = objects.flatMap((one) => one?.rules ?? []);
    expect(rules).toContainEqual(
      expect.objectContaining({
        resourceNames: [user],
        resources: ['users'],
        verbs: ['impersonate'],
      }),
    );
    const bound = objects.filter(
      ({ kind, roleRef }) => kind === 'ClusterRoleBinding' && roleRef.name === 'countersign',
    );
    expect(bound.flatMap(({ subjects }) => subjects)).toMatchObject([{ kind: 'User', name: user }]);
  });
});

describe('builds submit', () => {
  it('says the commit, runs as the builder, and says where its log is', async () => {
    const folder = join(programs.folder, 'sources');
    await mkdir(folder);
    const prepare = `set -e; cd ${folder}; cp ${join(ROOT, 'cloudbuild.yaml')} .; git init -q
      git -c user.name=t -c user.email=t@t.example add . && git -c user.name=t -c user.email=t@t.example commit -qm one; git rev-parse HEAD`;
    const made = await programs.run(OWNER, ['bash', '-c', prepare]);
    const head = made.stdout.trim();
    expect(head).toMatch(/^[0-9a-f]{40}$/);
    const block = documentedBlock('google-build');
    const { code, stdout, stderr } = await programs.run(
      OWNER,
      ['bash', '-c', `cd ${folder}\n${block}`],
      { PROJECT, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' },
    );
    expect([code, stderr]).toEqual([0, expect.anything()]);
    const [build] = [...google.resources].filter(([name]) => name.startsWith('cloudbuild/'));
    expect(build?.[1]).toMatchObject({
      serviceAccount: `projects/${PROJECT}/serviceAccounts/countersign-builder@${PROJECT}.iam.gserviceaccount.com`,
      substitutions: { _REVISION: head },
      options: { logging: 'CLOUD_LOGGING_ONLY' },
    });
    expect(stdout + stderr).toContain('Logs are available at');
    expect(stdout + stderr).toContain('console.cloud.google.com/cloud-build/builds/');
    expect(google.problems).toEqual([]);
  });
});
