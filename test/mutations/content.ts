import type { Mutation } from './mutations.ts';

const ARCHIVES = ['test/hostile/content'];
const READ = ['test/unit/content'];

/** What stands between the content of an image and its approval. */
export const CONTENT_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'content: what is unusable is never verified',
    file: 'shared/content/content-verifier.ts',
    in: 'createContentVerifier',
    find: 'if (problem !== undefined) return',
    replace: 'if (problem !== undefined && deps.now() < 0) return',
    tests: READ,
  },
  {
    guarantee: 'content: functions judge content',
    file: 'functions/wiring/images.ts',
    in: 'openImages',
    find: 'verifier: traceVerifier(verifier, tracing),',
    replace: 'verifier: traceVerifier(createVerifier({ registry, keys, now: time }), tracing),',
    tests: ['test/unit/functions/wiring/images-content.test.ts'],
  },
  {
    guarantee: 'content: the folder of the RSync counts',
    file: 'shared/reconcile/judge-rsync.ts',
    in: 'takenBy',
    find: "if (source.type === 'oci') return { type: 'oci', dir: source.dir };",
    replace: "if (source.type === 'oci') return { type: 'oci', dir: '.' };",
    tests: ['test/unit/reconcile/judge-content.test.ts'],
  },
  {
    guarantee: 'content: paths stay inside',
    file: 'shared/content/tree.ts',
    in: 'cleanPath',
    find: "if (segments.includes('..')) throw unsafe(name, 'leads out of its folder');",
    replace: '',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: paths are relative',
    file: 'shared/content/tree.ts',
    in: 'cleanPath',
    find: "if (name.startsWith('/')) throw unsafe(name, 'is an absolute path');",
    replace: '',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: links stay inside',
    file: 'shared/content/facts.ts',
    in: 'judgeImage',
    find: 'if (target === undefined) throw out(path, node.target);',
    replace: 'if (target === undefined) continue;',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: nothing is written through a link',
    file: 'shared/content/tree.ts',
    in: 'createTreeBuilder',
    find: "if (layers.get(parent) === layer) throw unsafe(name, 'is below an entry that is not a folder');",
    replace: '',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: an archive has its end',
    file: 'shared/content/read-tar.ts',
    in: 'nextHeader',
    find: 'if (second.length < BLOCK_BYTES) throw notTar(NO_END);',
    replace: '',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: nothing follows an archive',
    file: 'shared/content/read-tar.ts',
    in: 'nextHeader',
    find: "if (rest) throw notTar('goes on behind the end of its archive');",
    replace: '',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: a blob has the bytes of its digest',
    file: 'shared/content/read-layer.ts',
    in: 'readLayer',
    find: "`sha256:${hash.digest('hex')}` !== layer.digest",
    replace: 'layer.size < 0',
    tests: READ,
  },
  {
    guarantee: 'content: unpacked bytes are bounded',
    file: 'shared/content/read-layer.ts',
    in: 'entriesOf',
    find: "if (budget.unpackedBytes < 0) throw tooLarge('more uncompressed bytes');",
    replace: '',
    tests: ARCHIVES,
  },
  {
    guarantee: 'content: an unsafe entry is an ERROR',
    file: 'shared/reconcile/publish-verdict.ts',
    in: 'severityOf',
    find: "return { severity: 'ERROR' };",
    replace: 'return {};',
    tests: ['test/unit/functions/push-content.test.ts'],
  },
];
