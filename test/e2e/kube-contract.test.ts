import { KubeConfig } from '@kubernetes/client-node';
import { kubeContract, type KubeUnderTest } from '#test/contract/kube/suite.ts';
import { startSyncCluster } from './tools/sync-cluster.ts';

// It remembers as long as its memory lasts: no client can make it forget.
kubeContract({ name: 'a real kube-apiserver', start: startReal, capabilities: [] });

async function startReal(): Promise<KubeUnderTest> {
  const cluster = await startSyncCluster({ everybodyMay: true });
  const config = new KubeConfig();
  config.loadFromFile(await cluster.kubeconfig('contract@acme.example'));
  return { config, send: cluster.send, stop: () => cluster.close() };
}
