import { KubeConfig } from '@kubernetes/client-node';
import { expiryContract, type ExpiringKube } from '#test/contract/kube/expiry.ts';
import { kubeContract } from '#test/contract/kube/suite.ts';
import { startSyncCluster } from './tools/sync-cluster.ts';

kubeContract({ name: 'a real kube-apiserver', start: () => startReal() });
// Its cache remembers as long as its memory lasts; what is in etcd, etcd can be made to forget.
expiryContract('a real kube-apiserver', () => startReal({ watchCache: false }));

async function startReal(options: { watchCache?: boolean } = {}): Promise<ExpiringKube> {
  const cluster = await startSyncCluster({ everybodyMay: true, ...options });
  const config = new KubeConfig();
  config.loadFromFile(await cluster.kubeconfig('contract@acme.example'));
  const { send } = cluster;
  return { config, send, expire: () => cluster.forget(), stop: () => cluster.close() };
}
