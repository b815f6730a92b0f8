import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { stream } from 'hono/streaming';
import { defined } from '#shared/core/defined.ts';
import type { ApiEnv } from '../guard.ts';
import { linkTo } from '../link.ts';
import { formatNomos } from './nomos-text.ts';
import { type FleetLine, type FleetPage, type FleetQuery, NDJSON } from './operation.ts';
import { collectLive, readLive } from './read-live.ts';
import { readSnapshot, type SnapshotDeps } from './read-snapshot.ts';
import { readRequest } from './request.ts';
import { type ClusterAnswer, countUnwell, type FleetAnswer, viewSync } from './present.ts';

const FORMS = ['application/json', NDJSON, 'text/plain'];

/** Answers a query of the fleet in the form that is accepted; a live read as NDJSON is streamed. */
export async function answerFleet(
  c: Context<ApiEnv>,
  query: FleetQuery,
  deps: SnapshotDeps,
): Promise<Response> {
  const request = readRequest(query);
  const form = accepts(c, { header: 'Accept', supports: FORMS, default: 'application/json' });
  if (query.live !== 'true') {
    return answerPage(c, form, { source: 'snapshot', ...(await readSnapshot(request, deps)) });
  }
  const live = await readLive(request, deps, c.get('log'));
  if (form !== NDJSON) {
    return answerPage(c, form, { source: 'live', ...(await collectLive(live)) });
  }
  sayNext(c, live.next);
  c.header('content-type', NDJSON);
  return stream(c, async (out) => {
    for await (const answer of live.answers) await out.write(clusterLine(answer));
    await out.write(lastLine(live.next));
  });
}

function answerPage(
  c: Context<ApiEnv>,
  form: string,
  { clusters, next, source }: FleetAnswer & Pick<FleetPage, 'source'>,
): Response {
  const ageSeconds = Math.max(0, ...clusters.map(({ view }) => view.ageSeconds ?? 0));
  c.header('age', `${ageSeconds}`);
  c.header('countersign-unwell', `${countUnwell(clusters)}`);
  sayNext(c, next);
  if (form === 'text/plain') return c.text(formatNomos(clusters));
  if (form === NDJSON) {
    const text = [...clusters.map(clusterLine), lastLine(next)].join('');
    return c.body(text, 200, { 'content-type': NDJSON });
  }
  return c.json({
    source,
    ageSeconds,
    clusters: clusters.map(({ view }) => view),
    syncs: clusters.flatMap(({ view, rows }) => rows.map((row) => viewSync(view, row))),
    ...defined({ next }),
  } satisfies FleetPage);
}

/** What every form of a page has in its header. */
function sayNext(c: Context<ApiEnv>, next: string | undefined): void {
  c.header('cache-control', 'no-store');
  c.header('vary', 'Accept');
  if (next !== undefined) c.header('link', linkTo(c.req.url, next));
}

function clusterLine({ view, rows }: ClusterAnswer): string {
  const line: FleetLine = { cluster: view, syncs: rows.map((row) => viewSync(view, row)) };
  return `${JSON.stringify(line)}\n`;
}

function lastLine(next: string | undefined): string {
  return `${JSON.stringify({ done: true, ...defined({ next }) } satisfies FleetLine)}\n`;
}
