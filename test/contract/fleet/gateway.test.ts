import { startGateway } from '#test/fakes/gateway/start-gateway.ts';
import { startKube } from '#infra/local/kube/start-kube.ts';
import { defined } from '#shared/core/defined.ts';
import { openHubFleet } from '#test/fixtures/hub-fleet.ts';
import { clusterApiContract } from './suite.ts';

const PLURALS = { RootSync: 'rootsyncs', RepoSync: 'reposyncs' } as const;

const DNS = { host: 'gke-4f1c.us-west1.gke.goog', external: true };

for (const { way, gke, dns } of [
  { way: 'Connect Gateway, a GKE cluster', gke: true, dns: undefined },
  { way: 'Connect Gateway, a cluster with an agent', gke: false, dns: undefined },
  { way: 'a DNS endpoint', gke: true, dns: DNS },
]) {
  clusterApiContract({
    name: way,
    async start() {
      const kube = await startKube({ name: 'cluster-1' });
      const at = { id: 'cluster-1', location: 'us-west1', server: kube.url };
      const membership = { ...at, gke, ...defined({ dns }) };
      const hosts = [{ id: 'fleet-host', number: '42', memberships: [membership] }];
      const identities = new Map([['token-1', 'countersign@acme.example']]);
      const gateway = await startGateway({ hosts, identities });
      const fleet = openHubFleet({ projects: ['fleet-host'], dnsEndpoints: true }, gateway.url);
      const [member] = (await fleet.list()).members;
      if (member === undefined) throw new Error('The fleet is empty');
      return {
        api: await fleet.connect(member),
        user: 'countersign@acme.example',
        put: async (manifest) => void kube.store.put(PLURALS[manifest.kind], manifest),
        remove: async ({ kind, namespace, name }) => {
          const plural = PLURALS[kind];
          kube.store.commit(plural, kube.store.get(plural, namespace, name));
        },
        async stop() {
          await gateway.close();
          await kube.close();
        },
      };
    },
  });
}
