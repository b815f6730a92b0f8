import { describe, expect, it } from 'vitest';
import { A, B } from '#test/fixtures/digests.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';

function row(cluster: string, version: string, digest: string): object {
  const image = `${REPOSITORY}:${version}`;
  const about = { cluster, sync: 'RootSync/root-sync', phase: 'Synced', image, version };
  return { ...about, newest: version, digest, liveDigest: digest, message: 'Live', errors: [] };
}

describe('countersign wait, where versions are followed', () => {
  it('waits for clusters that stand on the version before', async () => {
    let rounds = 0;
    const { code, out } = await runProgramWith(['wait', `${REPOSITORY}:1.5.0`], {
      async fetch(input, init) {
        const { pathname, searchParams } = new URL(new Request(input, init).url);
        if (pathname === '/v1/verify') {
          const verdict = { image: REPOSITORY, digest: B, verdict: 'verified', message: '' };
          return Response.json({ ...verdict, candidates: [] });
        }
        const late = rounds < 3 ? row('late', '1.4.1', A) : row('late', '1.5.0', B);
        const all = [row('early', '1.5.0', B), late];
        const isOne = searchParams.get('image')?.endsWith(':1.5.0') === true && rounds < 3;
        const clusters = ['early', 'late'].map((cluster) => ({ cluster, phase: 'Reachable' }));
        return Response.json({ clusters, syncs: isOne ? all.slice(0, 1) : all });
      },
      sleep: async () => {
        rounds += 1;
      },
    });
    expect({ code, rounds }).toEqual({ code: 0, rounds: 3 });
    expect(out).toContain('Live everywhere');
  });
});
