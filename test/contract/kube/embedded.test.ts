import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { writeKubeconfig, startKube } from '#infra/local/kube/start-kube.ts';
import { kubeContract, type KubeUnderTest } from './suite.ts';

kubeContract({ name: 'embedded', start: startEmbedded, capabilities: ['expire'] });

async function startEmbedded(): Promise<KubeUnderTest> {
  const kube = await startKube({ name: 'contract' });
  const folder = await mkdtemp(join(tmpdir(), 'countersign-kube-'));
  const path = join(folder, 'kubeconfig');
  await writeKubeconfig({ path, clusters: [kube], user: 'contract@acme.example' });
  const config = new KubeConfig();
  config.loadFromFile(path);
  await rm(folder, { recursive: true });
  return { config, expire: async () => kube.store.expire(), stop: () => kube.close() };
}
