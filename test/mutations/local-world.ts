import type { Mutation } from './mutations.ts';

const WORLD = 'test/unit/infra/local/local-world';
const REAL = 'test/unit/infra/local/real';
const EDGES = ['test/service/http/serve-function.test.ts'];

/** The local world ends without a trace, and its parts and edges take what real ones take. */
export const LOCAL_WORLD_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'local world: a function ends with the world, even where that is killed',
    file: 'infra/local/local-world/functions.ts',
    in: 'startFunction',
    find: '[...END_WITH_PARENT, bundle]',
    replace: '[bundle]',
    tests: [`${WORLD}/function-process.test.ts`],
  },
  {
    guarantee: 'local world: the next start ends only what the world before has started',
    file: 'infra/local/local-world/leftovers.ts',
    in: 'isAlive',
    find: '.includes(bundle)',
    replace: ".includes('node')",
    tests: [`${WORLD}/leftovers.test.ts`],
  },
  {
    guarantee: 'local world: its token goes to the world that wrote it, and to nothing else',
    file: 'infra/local/steer-function.ts',
    in: 'steerFunction',
    find: 'record.pid !== findHolder(files.lock)',
    replace: 'false',
    tests: ['test/unit/infra/local/steer-function.test.ts'],
  },
  {
    guarantee: 'real clusters: what is missing is named before anything starts',
    file: 'infra/local/local-world/real-clusters.ts',
    in: 'startRealClusters',
    find: 'await requireConfigSync(folder);',
    replace: '',
    tests: [`${REAL}/config-sync-folder.test.ts`],
  },
  {
    guarantee: 'real clusters: a changed template is a new pod',
    file: 'infra/local/real/play-pods.ts',
    in: 'playPods',
    find: 'pods.get(metadata.name)?.hash !== hash',
    replace: 'pods.get(metadata.name) === undefined',
    tests: [`${REAL}/play-pods.test.ts`],
  },
  {
    guarantee: 'real clusters: only the reconciler gets credentials',
    file: 'infra/local/real/pod.ts',
    in: 'environmentOf',
    find: "name === 'reconciler'",
    replace: "name !== ''",
    tests: [`${REAL}/play-pods.test.ts`],
  },
  {
    guarantee: 'real clusters: what a container started ends with it',
    file: 'infra/local/real/pod.ts',
    in: 'run',
    find: 'endGroup(child);',
    replace: '',
    tests: [`${REAL}/play-pods.test.ts`],
  },
  {
    guarantee: 'registry: what is no tag is not there',
    file: 'infra/local/registry/manifests.ts',
    in: 'findManifest',
    find: "target(c, 'MANIFEST_UNKNOWN')",
    replace: "target(c, 'MANIFEST_INVALID')",
    tests: ['test/contract/registry'],
  },
  {
    guarantee: 'local world: a push ends the wait after a failed pull',
    file: 'infra/local/config-sync/source.ts',
    in: 'startSourceSync',
    find: 'cancelNext(); lifetime.launch(turn);',
    replace: 'cancelNext();',
    tests: ['test/unit/infra/local/config-sync/source-sync.test.ts'],
  },
  {
    guarantee: 'local world: a deadline of years is not past',
    file: 'infra/local/pubsub/grpc-service.ts',
    in: 'dropEndlessTimeout',
    find: 'delete headers[TIMEOUT];',
    replace: 'headers;',
    tests: ['test/unit/infra/local/pubsub/start-pubsub.test.ts'],
  },
  {
    guarantee: 'edges: a target that is no path does not reach the framework',
    file: 'shared/http/cap-body.ts',
    in: 'originOf',
    find: "if (!origin.startsWith('/')) return undefined;",
    replace: '',
    tests: EDGES,
  },
  {
    guarantee: 'edges: a method that a path does not take is 405, whatever the body is',
    file: 'functions/api/guard.ts',
    in: 'isServed',
    find: 'method === c.req.method',
    replace: "method !== ''",
    tests: ['test/service/api/limits.test.ts'],
  },
  {
    guarantee: 'local servers end no idle connection, into which a client may be writing',
    file: 'infra/local/listen.ts',
    in: 'listen',
    find: '{ keepAliveTimeout: 0 }',
    replace: '{}',
    tests: ['test/unit/infra/local/listen.test.ts'],
  },
];
