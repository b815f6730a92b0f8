import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Asked, answerParent } from '../process/own-process.ts';
import {
  type Answer,
  type FleetDouble,
  type FleetPlan,
  createFleetDouble,
} from './fleet-double.ts';

/** What the gateway does to each call, and what it has counted since it was asked to. */
export interface GatewayTask {
  /** New fleets, in place of those it has. */
  readonly plans?: readonly FleetPlan[];
  readonly latencyMs?: number;
  /** Every so many calls one is answered with 503; 0 for none. */
  readonly failEvery?: number;
  /** Begins to count anew. */
  readonly reset?: boolean;
}

export interface GatewayCounts {
  readonly url: string;
  readonly lists: number;
  readonly patches: number;
  readonly others: number;
  /** Of GKE Hub and Resource Manager. */
  readonly hub: number;
  readonly failures: number;
  readonly conflicts: number;
  /** Milliseconds since the epoch, with fractions; of the last that was answered. */
  readonly lastListAt: number;
  readonly lastPatchAt: number;
  /** The last patch that was taken, byte for byte. */
  readonly lastPatch: string;
  readonly lastHeaders: Readonly<Record<string, string>>;
}

/** `/v1/projects/N/locations/L/gkeMemberships/ID/apis/configsync.gke.io/v1beta1/rootsyncs`. */
const LIST =
  /^\/v1\/projects\/(\d+)\/locations\/[^/]+\/gkeMemberships\/([^/]+)\/apis\/configsync\.gke\.io\/v1beta1\/(rootsyncs|reposyncs)$/;
const OBJECT =
  /^\/v1\/projects\/(\d+)\/locations\/[^/]+\/gkeMemberships\/([^/]+)\/apis\/configsync\.gke\.io\/v1beta1\/namespaces\/[^/]+\/rootsyncs\/root-sync$/;
const MEMBERSHIPS = /^\/v1\/projects\/([^/]+)\/locations\/-\/memberships$/;
const PROJECT = /^\/v3\/projects\/([^/]+)$/;
const UNAVAILABLE =
  '{"kind":"Status","code":503,"reason":"ServiceUnavailable","message":"try later"}';

let fleets = new Map<string, FleetDouble>();
let numbers = new Map<string, string>();
let latencyMs = 0;
let failEvery = 0;
let seen = 0;
let counts = none();

function none(): { -readonly [Name in keyof Omit<GatewayCounts, 'url'>]: GatewayCounts[Name] } {
  const times = { lastListAt: 0, lastPatchAt: 0, lastPatch: '', lastHeaders: {} };
  return { lists: 0, patches: 0, others: 0, hub: 0, failures: 0, conflicts: 0, ...times };
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://gateway');
  const hub = answerHub(pathname, searchParams);
  if (hub !== undefined) {
    counts.hub += 1;
    return send(res, 200, hub);
  }
  const body = req.method === 'PATCH' ? await text(req) : '';
  if (latencyMs > 0) await sleep(latencyMs);
  seen += 1;
  if (failEvery > 0 && seen % failEvery === 0) {
    counts.failures += 1;
    return send(res, 503, UNAVAILABLE);
  }
  const [, listed = '', cluster = '', kind] = LIST.exec(pathname) ?? [];
  if (req.method === 'GET' && (kind === 'rootsyncs' || kind === 'reposyncs')) {
    const { status, body: list } = fleets.get(listed)?.list(cluster, kind) ?? GONE;
    send(res, status, list);
    counts.lists += 1;
    counts.lastListAt = now();
    return;
  }
  const [, number = '', id = ''] = OBJECT.exec(pathname) ?? [];
  if (req.method !== 'PATCH') {
    counts.others += 1;
    return send(res, 404, GONE.body);
  }
  const result = fleets.get(number)?.patch(id, body) ?? GONE;
  send(res, result.status, result.body);
  if (result.status === 409) counts.conflicts += 1;
  if (result.patched !== true) return;
  counts.patches += 1;
  counts.lastPatchAt = now();
  counts.lastPatch = body;
  counts.lastHeaders = Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
  );
}

const GONE: Answer = { status: 404, body: '{"kind":"Status","code":404}' };

function answerHub(pathname: string, query: URLSearchParams): string | undefined {
  const project = PROJECT.exec(pathname)?.[1];
  if (project !== undefined) {
    return JSON.stringify({ name: `projects/${numbers.get(project)}`, projectId: project });
  }
  const listed = MEMBERSHIPS.exec(pathname)?.[1];
  if (listed === undefined) return undefined;
  const fleet = fleets.get(numbers.get(listed) ?? '');
  return fleet?.memberships(
    Number(query.get('pageToken') ?? 0),
    Number(query.get('pageSize') ?? 500),
  );
}

function send(res: ServerResponse, status: number, body: string): void {
  const bytes = Buffer.from(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  res.end(bytes);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function obey(task: GatewayTask): void {
  const { plans } = task;
  if (plans !== undefined) {
    fleets = new Map(plans.map((plan) => [plan.number, createFleetDouble(plan)]));
    numbers = new Map(plans.map(({ project, number }) => [project, number]));
  }
  ({ latencyMs = latencyMs, failEvery = failEvery } = task);
  if (task.reset !== true) return;
  counts = none();
  seen = 0;
}

// As Google's front end, which ends no connection that is in use.
const server = createServer({ keepAliveTimeout: 620_000 }, (req, res) => {
  answer(req, res).catch(() => res.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
process.on('message', (asked: Asked<GatewayTask>) => {
  obey(asked.task);
  const told: GatewayCounts = { url: `http://127.0.0.1:${port}`, ...counts };
  answerParent(asked, Promise.resolve(told));
});
