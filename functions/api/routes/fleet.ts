import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { stream } from 'hono/streaming';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../guard.ts';
import { readRequest } from '../fleet/request.ts';
import { type ClusterAnswer, countUnwell, type FleetAnswer, viewSync } from '../fleet/view.ts';
import { formatNomos } from '../fleet/nomos-text.ts';
import { collectLive, isAnswer, readLive } from '../fleet/read-live.ts';
import { readSnapshot, type SnapshotDeps } from '../fleet/read-snapshot.ts';
import { FleetLine, FleetPage, FleetQuery, type SyncView } from '../schema/fleet.ts';
import { answersOf } from '../schema/common.ts';

const NDJSON = 'application/x-ndjson';
const FORMS = ['application/json', NDJSON, 'text/plain'] as const;

export const fleetRoute = createRoute({
  method: 'get',
  path: '/v1/fleet',
  operationId: 'readFleet',
  summary: 'The fleet, RSync by RSync',
  description:
    'From the snapshot, page by page, without a call to any cluster; `live=true` asks the clusters. ' +
    'As text it is what `nomos status` prints, with the approvals; as NDJSON a live read tells each cluster when it has answered.',
  request: { query: FleetQuery },
  responses: answersOf({
    200: {
      description:
        'A page of the fleet. The header Link leads to the next; Countersign-Unwell says how many of its clusters and RSyncs are not well.',
      content: {
        'application/json': { schema: FleetPage },
        [NDJSON]: { schema: FleetLine },
        'text/plain': { schema: z.string() },
      },
    },
  }),
});

/** Answers a query of the fleet in the form that is accepted. */
export async function answerFleet(
  c: Context<ApiEnv>,
  query: FleetQuery,
  deps: ApiDeps & SnapshotDeps,
): Promise<Response> {
  const request = readRequest(query);
  const form = accepts(c, { header: 'Accept', supports: [...FORMS], default: FORMS[0] });
  if (query.live !== 'true') return answerPage(c, form, await readSnapshot(request, deps));
  const live = await readLive(request, {
    ...deps,
    onFault: (cluster, error) => c.get('log').error({ cluster, error }, 'Live read failed'),
  });
  if (form !== NDJSON) return answerPage(c, form, await collectLive(live, request.filter));
  c.header('content-type', NDJSON);
  return stream(c, async (out) => {
    for await (const answer of live.answers) {
      if (!isAnswer(answer, request.filter)) continue;
      await out.write(lineOf(clusterLine(answer)));
    }
    await out.write(lineOf(end(live.next)));
  });
}

function answerPage(c: Context<ApiEnv>, form: string, answer: FleetAnswer): Response {
  const { clusters, ageSeconds, next, source } = answer;
  c.header('age', `${ageSeconds}`);
  c.header('cache-control', 'no-store');
  c.header('vary', 'Accept');
  c.header('countersign-unwell', `${countUnwell(clusters)}`);
  if (next !== undefined) c.header('link', `<${linkTo(c.req.url, next)}>; rel="next"`);
  if (form === 'text/plain') return c.text(formatNomos(clusters));
  if (form === NDJSON) {
    const text = [...clusters.map(clusterLine), end(next)].map(lineOf).join('');
    return c.body(text, 200, { 'content-type': NDJSON });
  }
  return c.json({
    source,
    ageSeconds,
    clusters: clusters.map(({ view }) => view),
    syncs: clusters.flatMap(syncsOf),
    ...defined({ next }),
  } satisfies FleetPage);
}

function syncsOf({ view, rows }: ClusterAnswer): SyncView[] {
  return rows.map((row) => viewSync(view, row));
}

function clusterLine(answer: ClusterAnswer): FleetLine {
  return { cluster: answer.view, syncs: syncsOf(answer) };
}

function end(next: string | undefined): FleetLine {
  return { done: true, ...defined({ next }) };
}

function lineOf(line: FleetLine): string {
  return `${JSON.stringify(line)}\n`;
}

function linkTo(url: string, next: string): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.set('cursor', next);
  return `${pathname}?${searchParams.toString()}`;
}
