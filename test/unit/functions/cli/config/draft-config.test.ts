import { fc } from '#test/fixtures/fast-check.ts';
import { describe, expect, it } from 'vitest';
import { type Draft, draftConfig } from '#functions/cli/config/draft-config.ts';
import { parseConfig } from '#shared/config/load-config.ts';
import { generateKeyPairSync } from 'node:crypto';

const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const KMS =
  'gcpkms://projects/acme/locations/us/keyRings/signing/cryptoKeys/release/cryptoKeyVersions/1';
const HUB: Draft = {
  fleet: { projects: ['fleet-host'] },
  images: ['us-docker.pkg.dev/acme/configs/**'],
  effect: 'pin',
  signer: { key: KMS },
  project: 'acme',
  identity: 'countersign@acme.iam.gserviceaccount.com',
};

async function configOf(draft: Draft) {
  const readFile = async () => PEM;
  return parseConfig(draftConfig(draft), { file: '/etc/countersign.yaml', readFile });
}

describe('draftConfig()', () => {
  it('writes a config for a GKE fleet with the names that Terraform gives', async () => {
    const config = await configOf(HUB);
    expect(config).toMatchObject({
      fleet: { type: 'gkeHub', projects: ['fleet-host'] },
      images: [{ effect: 'pin' }],
      topics: { tasks: 'projects/acme/topics/countersign-tasks' },
      store: { type: 'firestore' },
      access: { api: { mode: 'verify', audience: 'https://countersign-api.acme.internal' } },
    });
  });

  it('writes a config for a kubeconfig, all of it on one machine', async () => {
    const fleet = { kubeconfig: './kubeconfig', contexts: ['edge-1', 'edge-2'] };
    const { project: _, ...own } = HUB;
    const config = await configOf({ ...own, fleet, signer: { key: './release.pub' } });
    expect(config).toMatchObject({
      fleet: { type: 'kubeconfig', contexts: ['edge-1', 'edge-2'] },
      store: { type: 'sqlite' },
      access: { api: { mode: 'none' } },
    });
  });

  it('writes a signer by identity', async () => {
    const issuer = 'https://token.actions.githubusercontent.com';
    const subject = 'https://github.com/acme/a/.github/workflows/r.yaml@refs/heads/main';
    const { trust } = await configOf({ ...HUB, signer: { issuer, subject } });
    expect(JSON.stringify(trust)).toContain(subject);
  });

  it('says of every key why it is there', () => {
    const keys = draftConfig(HUB)
      .split('\n\n')
      .filter((block) => /^[a-z]+:/m.test(block));
    expect(keys.filter((block) => !block.includes('# '))).toEqual([]);
  });

  it('writes any context and identity as the text that it is', async () => {
    const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(text, async (context) => {
        const fleet = { kubeconfig: './kubeconfig', contexts: [context] };
        const config = await configOf({ ...HUB, fleet });
        expect(config.fleet).toMatchObject({ contexts: [context] });
      }),
      { numRuns: 200 },
    );
  });
});
