import { readFile, writeFile, mkdir, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findTool } from '#infra/local/real/find-tool.ts';
import { printTable } from './google/print-table.ts';
import { type Front, startFront } from './google/front.ts';
import { type Installation, openInstallation } from './google/installation.ts';
import { type Programs, openPrograms } from './google/programs.ts';
import { createRegistryFront } from './google/registry.ts';

// Real cosign, crane and gcloud do what docs and builds do, as the accounts that the module makes, at an emulated Google
// that refuses what their roles do not allow. Then each permission is withheld once.

const ROOT = join(import.meta.dirname, '../..');
const PROJECT = 'acme-prod';
const REGION = 'us-central1';
const BUILDER = `serviceAccount:countersign-builder@${PROJECT}.iam.gserviceaccount.com`;
const PUBLISHER = 'user:ops@acme.example';
const KEY = `gcpkms://projects/${PROJECT}/locations/${REGION}/keyRings/countersign/cryptoKeys/release/cryptoKeyVersions/1`;
const CONFIGS = `${REGION}-docker.pkg.dev/${PROJECT}/configs/platform`;
const OWN_IMAGE = `${REGION}-docker.pkg.dev/${PROJECT}/countersign/countersign`;

let installation: Installation;
let front: Front;
let programs: Programs;

beforeAll(async () => {
  const variables = [`-var=project_id=${PROJECT}`, '-var=people=["ops@acme.example"]'];
  installation = await openInstallation('single-project', variables);
  const { google, edit, apply } = installation;
  await edit('images = [{', 'waits = { bindings = 0, metrics = 0 }\n  images = [{');
  const applied = await apply();
  if (applied.code !== 0) throw new Error(applied.text);
  front = await startFront(google, [createRegistryFront(google)]);
  programs = await openPrograms(front);
  await pushOwnImage();
});
afterAll(async () => {
  await programs?.close();
  await front?.close();
  await installation?.close();
});
beforeEach(() => installation.google.weather.withheld.clear());

/** What push.sh leaves for the steps after it; docker itself is not needed for it. */
async function pushOwnImage(): Promise<void> {
  const release = join(programs.folder, '.local/release');
  await mkdir(release, { recursive: true });
  const layer = join(programs.folder, 'layer.tar');
  await writeFile(layer, Buffer.alloc(1024));
  const append = ['crane', 'append', `--new_layer=${layer}`, `--new_tag=${OWN_IMAGE}:build-1`];
  const pushed = await programs.run(BUILDER, append);
  if (pushed.code !== 0) throw new Error(pushed.stderr);
  await writeFile(join(release, 'reference'), pushed.stdout.trim());
  await writeFile(join(release, 'sbom.spdx.json'), '{"spdxVersion":"SPDX-2.3"}');
  await mkdir(join(release, 'cli'));
  await writeFile(join(release, 'cli', 'SHA256SUMS'), `${'0'.repeat(64)}  countersign.mjs\n`);
  await copyFile(findTool('cosign3'), join(release, 'cosign'));
}

const STEP = { PROJECT, REGION, NAME: 'countersign', FUNCTIONS: 'cluster push sweep api', KEY };
const step = (name: string) =>
  programs.run(BUILDER, ['bash', join(ROOT, `infra/image/${name}.sh`)], STEP);

const publish = () =>
  programs.run(PUBLISHER, ['bash', join(ROOT, 'infra/examples/publish-config/publish.sh')], {
    IMAGE: CONFIGS,
    TAG: 'v1',
    KEY,
  });

describe('with the roles of the module', () => {
  it('a build signs, attests and verifies its image', async () => {
    expect(await step('sign')).toMatchObject({ code: 0 });
  });

  it('a build deploys its image, and sees it serve', async () => {
    expect(await step('deploy')).toMatchObject({ code: 0 });
    expect(await step('smoke')).toMatchObject({ code: 0 });
    const reference = await readFile(join(programs.folder, '.local/release/reference'), 'utf8');
    const push = installation.google.resources.get(
      `run/projects/${PROJECT}/locations/${REGION}/services/countersign-push`,
    );
    expect(push).toMatchObject({
      template: { containers: [{ image: reference, args: ['push'] }] },
    });
  });

  it('a publisher pushes, signs and tags a config', async () => {
    expect(await publish()).toMatchObject({ code: 0 });
  });
});

/** Who, what is withheld, and what fails then. */
const KMS = [
  'cryptoKeys.get',
  'cryptoKeyVersions.get',
  'cryptoKeyVersions.viewPublicKey',
  'cryptoKeyVersions.useToSign',
];
const DOCKER = ['downloadArtifacts', 'uploadArtifacts'];
const WITHHELD: readonly (readonly [
  member: string,
  permission: string,
  work: () => Promise<{ code: number }>,
])[] = [
  ...KMS.map((name) => [BUILDER, `cloudkms.${name}`, () => step('sign')] as const),
  ...DOCKER.map(
    (name) => [BUILDER, `artifactregistry.repositories.${name}`, () => step('sign')] as const,
  ),
  [BUILDER, 'run.services.get', () => step('smoke')],
  [BUILDER, 'run.services.update', () => step('deploy')],
  [BUILDER, 'iam.serviceAccounts.actAs', () => step('deploy')],
  ...KMS.map((name) => [PUBLISHER, `cloudkms.${name}`, publish] as const),
  ...DOCKER.map((name) => [PUBLISHER, `artifactregistry.repositories.${name}`, publish] as const),
  [PUBLISHER, 'artifactregistry.tags.update', publish],
];

describe('without one permission', () => {
  it.each(WITHHELD)('%s fails: %s', async (member, permission, work) => {
    installation.google.weather.withheld.add(`${member} ${permission}`);
    expect((await work()).code).not.toBe(0);
    const refused = installation.google.used.filter(({ role }) => role === undefined);
    expect(refused.at(-1)).toMatchObject({ member, permission });
  });
});

describe('what was granted', () => {
  it('is what was needed', () => {
    const { used, problems, policies } = installation.google;
    expect(problems).toEqual([]);
    printTable(used);
    const needed = new Set(used.map(({ member, permission }) => `${member} ${permission}`));
    const listed = new Set(WITHHELD.map(([member, permission]) => `${member} ${permission}`));
    for (const member of [BUILDER, PUBLISHER]) {
      const own = [...needed].filter((one) => one.startsWith(`${member} `)).toSorted();
      // A tag is made once, and then moved.
      expect(own.filter((one) => !listed.has(one) && !one.endsWith('.tags.create'))).toEqual([]);
    }
    const unused = policies
      .grants()
      .filter(({ member }) => [BUILDER, PUBLISHER].includes(member))
      .filter(
        ({ member, role }) => !used.some((one) => one.member === member && one.role === role),
      );
    process.stdout.write(
      `Granted, and not used by these programs:\n${unused.map(({ member, role, on }) => `${member} | ${role} | ${on}`).join('\n')}\n`,
    );
    expect([...new Set(unused.map(({ role }) => role))].toSorted()).toEqual([
      'roles/iam.serviceAccountTokenCreator',
      'roles/logging.logWriter',
      'roles/pubsub.publisher',
      'roles/pubsub.subscriber',
      'roles/pubsub.viewer',
      'roles/storage.objectViewer',
    ]);
  });
});
