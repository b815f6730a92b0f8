/** The config of a benchmark: a fleet of GKE Hub, one key, everything on this machine. */
export function benchConfig({
  registry,
  publicKey,
  store,
}: {
  readonly registry: string;
  readonly publicKey: string;
  readonly store: string;
}): string {
  const topic = (name: string): string => `projects/local/topics/${name}`;
  const pem = publicKey.trim().replaceAll('\n', '\n            ');
  return `apiVersion: countersign.dev/v1
fleet:
  gkeHub: { projects: [fleet-host] }
registries:
  - { host: "${registry}", plainHttp: true, auth: none }
images:
  - { match: "${registry}/configs/**", trust: release, effect: gate }
trust:
  release:
    authorities:
      - name: release-key
        key:
          pem: |
            ${pem}
topics:
  tasks: ${topic('countersign-tasks')}
  sweepTasks: ${topic('countersign-sweep-tasks')}
  resyncTasks: ${topic('countersign-resync-tasks')}
  status: ${topic('countersign-status')}
  deadLetters: ${topic('countersign-dead-letters')}
store: { sqlite: { path: ${store} } }
access:
  push: { mode: none }
  cluster: { mode: none }
  sweep: { mode: none }
  api: { mode: none }
  admission: { mode: none }
`;
}
