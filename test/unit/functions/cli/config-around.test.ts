import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { runProgramWith } from '#test/fixtures/run-program.ts';
import { localText } from '#test/unit/config/fixture.ts';

const OPEN = z
  .looseObject({ fleet: z.unknown(), trust: z.unknown() })
  .parse(parse(localText.replace(/authorities:\n.*\n.*\n/, 'allowUnsigned: true\n')));
const KUBECONFIG = {
  clusters: [{ name: 'k', cluster: { server: 'https://api.test' } }],
  contexts: ['cluster-1', 'cluster-2'].map((name) => ({ name, context: { cluster: 'k' } })),
};
const PERSON = {
  ...KUBECONFIG,
  users: [{ name: 'u', user: { 'auth-provider': { name: 'oidc' } } }],
  contexts: [...KUBECONFIG.contexts, { name: 'person', context: { cluster: 'k', user: 'u' } }],
};
const ANYONE = { mode: 'none' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-around-'));
  await writeFile(join(folder, 'kubeconfig'), stringify(KUBECONFIG));
  await writeFile(join(folder, 'person'), stringify(PERSON));
});
afterAll(() => rm(folder, { recursive: true }));

async function check(changes: object, env = {}) {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, stringify({ ...OPEN, ...changes }));
  const { code, out } = await runProgramWith(['config', 'check', file], { env });
  return { code, lines: out.replaceAll(`${file}:`, '').trimEnd().split('\n') };
}

const topics = (project: string) =>
  Object.fromEntries(
    ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'].map((name) => [
      name,
      `projects/${project}/topics/countersign-${name}`,
    ]),
  );
const kubeconfig = (more: object) => ({ fleet: { kubeconfig: { path: './kubeconfig', ...more } } });

describe('countersign config check', () => {
  it.each([
    [{ contexts: ['cluster-1', 'cluster-3'] }, 'fleet.kubeconfig.contexts[1]'],
    [
      { labels: { 'cluster-3': { env: 'prod' } }, contexts: [] },
      'fleet.kubeconfig.labels.cluster-3',
    ],
  ])('finds a context that there is not: %j', async (more, place) => {
    const { code, lines } = await check(kubeconfig(more));
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [
        expect.stringContaining(
          `${place}  Names no context of the kubeconfig. Fix: Write one of cluster-1, cluster-2,`,
        ),
      ],
    });
  });

  it.each([{}, { contexts: ['cluster-1', 'person'] }])(
    'finds what of a context cannot be used: %j',
    async (more) => {
      const { code, lines } = await check(kubeconfig({ path: './person', ...more }));
      expect({ code, lines }).toEqual({
        code: 1,
        lines: [
          expect.stringContaining(
            'fleet.kubeconfig.path  Has a context "person" that cannot be used: user "u": auth-provider "oidc" is not supported. Fix: Use exec with',
          ),
        ],
      });
    },
  );

  it('looks at no context that is not used', async () => {
    const more = { path: './person', contexts: ['cluster-1'] };
    expect((await check(kubeconfig(more))).code).toBe(0);
  });

  it('notes which credentials images are asked with', async () => {
    const auth = Buffer.from('ada:s3cret').toString('base64');
    const auths = { 'ghcr.io': { auth }, 'https://ghcr.io/acme/': { auth } };
    const docker = { auths, credHelpers: { 'quay.io': 'pass' } };
    await writeFile(join(folder, 'config.json'), JSON.stringify(docker));
    const match = [
      'ghcr.io/acme/**',
      'ghcr.io/other/app',
      'quay.io/acme/**',
      'r.test/a/**',
      'n.test/**',
    ];
    const hosts = ['ghcr.io', 'quay.io', 'r.test'];
    const { lines } = await check(
      {
        ...kubeconfig({}),
        registries: [
          ...hosts.map((host) => ({ host, auth: 'dockerConfig' })),
          { host: 'n.test', auth: 'none' },
        ],
        images: match.map((one) => ({ match: one, trust: 'release' })),
      },
      { DOCKER_CONFIG: folder },
    );
    expect(lines.filter((line) => line.includes(' is asked ')).map((line) => line.trim())).toEqual([
      'note: ghcr.io/acme/** is asked with the entry "https://ghcr.io/acme/" of the Docker config',
      'note: ghcr.io/other/app is asked with the entry "ghcr.io" of the Docker config',
      'note: quay.io/acme/** is asked with what docker-credential-pass gives for quay.io (credHelpers)',
      'note: r.test/a/** is asked without credentials: the Docker config has none for it',
    ]);
  });

  it('notes a kubeconfig that is not here', async () => {
    const { code, lines } = await check({ fleet: { kubeconfig: { path: './elsewhere' } } });
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(
      /note: Kubeconfig .*elsewhere is not there; .*: contexts are not checked/,
    );
  });

  it.each([
    [{ fleet: { kubeconfig: { path: '~/.kube/config' } } }, 'fleet.kubeconfig.path'],
    [{ store: { sqlite: { path: '~/store.sqlite' } } }, 'store.sqlite.path'],
    [
      { trust: { release: { authorities: [{ name: 'a', key: { file: '~/a.pub' } }] } } },
      'trust.release.authorities[0].key.file',
    ],
  ])('finds ~ in %j', async (changes, place) => {
    const { code, lines } = await check(changes);
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [
        expect.stringContaining(`${place}  Begins with ~, which only a shell expands. Fix: `),
      ],
    });
  });

  it.each([
    ['push', { push: ANYONE }, {}],
    ['cluster', { cluster: ANYONE }, {}],
    [
      'history',
      { history: ANYONE },
      { history: { days: 30 }, records: { sqlite: { path: './records.sqlite' } } },
    ],
  ])("finds %s open to anyone beside Google's topics", async (name, access, more) => {
    const { code, lines } = await check({ topics: topics('acme-prod'), access, ...more });
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [expect.stringContaining(`access.${name}.mode  Lets anyone call ${name}, which`)],
    });
  });

  it('notes a function that would refuse to start, and nothing of the local world', async () => {
    const google = await check({ topics: topics('acme-prod'), access: {} });
    expect(google.code).toBe(0);
    expect(google.lines.filter((line) => line.includes('refuses to start'))).toHaveLength(2);
    const local = await check({ access: { push: ANYONE, cluster: ANYONE } });
    expect(local.lines.filter((line) => line.includes('access'))).toEqual([]);
    expect(local.code).toBe(0);
  });
});
