import { createServer } from 'node:http';
import * as z from 'zod';
import { createTracks } from '#shared/config/tracks.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { listVersions } from '#shared/reconcile/list-versions.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { createListTags } from '#shared/registry/list-tags.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { measure } from './frame/measure.ts';

const TAGS = 50_000;
const QUICK = 3_000;
const KIB = 1024;
const MIB = KIB * KIB;

const pageSchema = z.object({ tags: z.array(z.string()) });

/** A registry whose repository has so many tags, in pages of what is asked for. */
async function serveTags(count: number) {
  const tags = Array.from({ length: count }, (_, n) => `1.${Math.floor(n / 100)}.${n % 100}`);
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    const url = new URL(request.url ?? '/', 'http://registry');
    const from = Number(url.searchParams.get('last') ?? 0);
    const to = from + Number(url.searchParams.get('n') ?? count);
    const next = `<${url.pathname}?n=${to - from}&last=${to}>; rel="next"`;
    const headers = { 'content-type': 'application/json', ...(to < count && { link: next }) };
    response.writeHead(200, headers).end(JSON.stringify({ tags: tags.slice(from, to) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It does not listen');
  return { server, host: `127.0.0.1:${address.port}`, calls: () => calls };
}

/** One listing of a repository with 50,000 tags, beside the bare requests and the reading of their JSON. */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const count = quick ? QUICK : TAGS;
  const { server, host, calls } = await serveTags(count);
  try {
    const registry = createRegistry({
      fetch,
      registries: [{ host, plainHttp: true, auth: 'none' }],
      now: () => new Date(),
      googleToken: () => Promise.reject(new Error('No token in benchmarks')),
      dockerConfig: async () => '{}',
      resolveHost: async () => ['127.0.0.1'],
    });
    const rule: ImageRule = {
      match: '**',
      trust: 'release',
      effect: 'pin',
      downgrade: 'deny',
      track: { semver: '>=1.100 <2', prereleases: false },
    };
    const tracks = await createTracks([rule]);
    const listTags = createListTags({ registry });
    const deps = { tracks, listTags, now: () => new Date() };
    const stream = { repository: `${host}/app`, rule, kind: 'image' } as const;
    say(`${count} tags`);
    const before = calls();
    let peak = 0;
    const start = process.memoryUsage().heapUsed;
    const note = await listVersions(stream, {
      ...deps,
      listTags: (repository, take, options) =>
        listTags(
          repository,
          (tags) => {
            take(tags);
            peak = Math.max(peak, process.memoryUsage().heapUsed - start);
          },
          options,
        ),
    });
    const asked = calls() - before;
    const [ours = [], floor = []] = await measure(
      () => listVersions(stream, deps),
      async () => {
        for (let last = 0; last < count; last += 1_000) {
          const answer = await fetch(`http://${host}/v2/app/tags/list?n=1000&last=${last}`);
          pageSchema.parse(await answer.json());
        }
      },
    );
    const name = `a listing of ${count} tags`;
    return [
      figureOf({
        what: `${name}, calls`,
        unit: 'calls',
        ours: [asked],
        budget: { of: 'ours', limit: Math.ceil(count / 1_000) },
      }),
      figureOf({
        what: `${name}, what is kept of it`,
        unit: 'kB',
        ours: [Buffer.byteLength(JSON.stringify(note)) / KIB],
        budget: { of: 'ours', limit: 16 },
      }),
      figureOf({
        what: `${name}, heap while it runs`,
        unit: 'MiB',
        ours: [peak / MIB],
        budget: { of: 'ours', limit: 64 },
      }),
      figureOf({
        what: name,
        unit: 'ms',
        ours,
        floor: { name: 'the bare requests, their JSON read', samples: floor },
        budget: { of: 'ratio', limit: 8 },
      }),
    ];
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
