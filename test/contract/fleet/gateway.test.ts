import { startGateway } from '#test/fakes/gateway/start-gateway.ts';
import { startKube } from '#infra/local/kube/start-kube.ts';
import { openHubFleet } from '#test/fixtures/hub-fleet.ts';
import { clusterApiContract } from './suite.ts';

const PLURALS = { RootSync: 'rootsyncs', RepoSync: 'reposyncs' } as const;

for (const gke of [true, false]) {
  clusterApiContract({
    name: `Connect Gateway, ${gke ? 'a GKE cluster' : 'a cluster with an agent'}`,
    async start() {
      const kube = await startKube({ name: 'cluster-1' });
      const membership = { id: 'cluster-1', location: 'us-west1', server: kube.url, gke };
      const hosts = [{ id: 'fleet-host', number: '42', memberships: [membership] }];
      const identities = new Map([['token-1', 'countersign@acme.example']]);
      const gateway = await startGateway({ hosts, identities });
      const fleet = openHubFleet({ projects: ['fleet-host'] }, gateway.url);
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
