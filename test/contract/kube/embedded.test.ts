import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { writeKubeconfig, startKube } from '#infra/local/kube/start-kube.ts';
import { createSendKube } from '#infra/local/real/kube-request.ts';
import { expiryContract, type ExpiringKube } from './expiry.ts';
import { kubeContract } from './suite.ts';

kubeContract({ name: 'embedded', start: startEmbedded });
expiryContract('embedded', startEmbedded);

async function startEmbedded(): Promise<ExpiringKube> {
  const kube = await startKube({ name: 'contract' });
  const folder = await mkdtemp(join(tmpdir(), 'countersign-kube-'));
  const path = join(folder, 'kubeconfig');
  await writeKubeconfig({ path, clusters: [kube], user: 'contract@acme.example' });
  const config = new KubeConfig();
  config.loadFromFile(path);
  await rm(folder, { recursive: true });
  const send = createSendKube({ url: kube.url });
  return { config, send, expire: async () => kube.store.expire(), stop: () => kube.close() };
}
