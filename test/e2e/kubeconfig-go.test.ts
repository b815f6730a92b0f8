import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createClusterApi } from '#shared/fleet/client.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { DEFAULT_CLIENT_LIMITS } from '#shared/fleet/limits.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { type Form, kubeconfigForms } from './kubeconfig-forms.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';
import { patiently } from '#test/patience.ts';

const TIMEOUT_MS = patiently(300_000);
const Results = z.array(z.object({ status: z.number().optional(), error: z.string().optional() }));

/** What arrived at the server of one form, but for what each client says of itself. */
type Arrived = Readonly<Record<string, unknown>>;

const arrived = new Map<string, Arrived[]>();
const proxied: string[] = [];
const tls = createSelfSigned();
const client = createSelfSigned('ada');
let folder = '';
let forms: Readonly<Record<string, Form>> = {};

const server = createServer(
  { ...tls, requestCert: true, rejectUnauthorized: false },
  (request, response) => {
    const [, key = ''] = (request.url ?? '').split('/');
    const headers = Object.entries(request.headers).filter(([name]) =>
      /^(?:authorization|impersonate-)/.test(name),
    );
    const { socket } = request;
    const peer = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
    const facts = { ...Object.fromEntries(headers), certificate: peer?.subject?.CN };
    arrived.set(key, [...(arrived.get(key) ?? []), facts]);
    response.setHeader('content-type', 'application/json').end('{"resources":[]}');
  },
);

const proxy = createProxy();
proxy.on('connect', (request, socket) => {
  proxied.push(request.url ?? '');
  const [host = '', port] = (request.url ?? '').split(':');
  const upstream = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    upstream.pipe(socket).pipe(upstream);
  });
  for (const end of [upstream, socket]) end.on('error', () => socket.destroy());
});

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-forms-'));
  for (const each of [server, proxy]) await once(each.listen(0, '127.0.0.1'), 'listening');
  const places = {
    ca: tls.cert,
    client,
    proxy: `http://127.0.0.1:${portOf(proxy.address())}`,
    server: `https://127.0.0.1:${portOf(server.address())}/KEY`,
  };
  forms = kubeconfigForms(places);
  for (const [at, { files }] of Object.values(forms).entries()) {
    await mkdir(join(folder, String(at)));
    for (const [name, text] of Object.entries(files)) {
      const mode = name === 'plugin' ? 0o755 : 0o644;
      await writeFile(join(folder, String(at), name), text.replaceAll('/KEY', `/${at}`), { mode });
    }
  }
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  proxy.close();
  await rm(folder, { recursive: true });
});

function pathsOf(at: number, { files, read = Object.keys(files).slice(0, 1) }: Form): string[] {
  return read.map((name) => join(folder, String(at), name));
}

/** What kubectl sends for each form; undefined where it sends nothing. */
async function askGo(): Promise<readonly (Arrived | undefined)[]> {
  arrived.clear();
  const questions = Object.values(forms).map((form, at) => ({
    files: pathsOf(at, form),
    context: 'c',
  }));
  const command = findTool('kubeconfig-double');
  const { code, stdout, stderr } = await runProcess({ command, input: JSON.stringify(questions) });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return Results.parse(JSON.parse(stdout)).map(({ status }, at) => {
    const [first] = arrived.get(String(at)) ?? [];
    return status === 200 ? first : undefined;
  });
}

/** What we send for each form. */
async function askUs(): Promise<readonly (Arrived | undefined)[]> {
  arrived.clear();
  const sent: (Arrived | undefined)[] = [];
  for (const [at, form] of Object.values(forms).entries()) {
    const path = pathsOf(at, form).join(delimiter);
    const deps = kubeconfigDeps({ limits: { ...DEFAULT_CLIENT_LIMITS, retries: 0 } });
    const fleet = createKubeconfigFleet({ path, contexts: [], labels: {} }, deps, createClusterApi);
    try {
      const api = await fleet.connect({ name: 'c', id: 'c', labels: {} });
      await api.discover();
      sent.push(arrived.get(String(at))?.[0]);
    } catch {
      sent.push(undefined);
    }
  }
  return sent;
}

/** Tokens of plugins are what these were given: compared by what it says, not by the order of its keys. */
function readable(sent: Arrived | undefined): unknown {
  const token = /^Bearer (\S{40,})$/.exec(String(sent?.['authorization']))?.[1];
  if (sent === undefined || token === undefined) return sent ?? 'nothing';
  const [info = '', ...rest] = Buffer.from(token, 'base64').toString('utf8').split('|');
  return { ...sent, authorization: [JSON.parse(info), ...rest] };
}

describe('a kubeconfig', () => {
  it('is read as kubectl reads it, in every form but those that are listed', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const theirs = await askGo();
    const viaProxy = proxied.length;
    const ours = await askUs();
    const names = Object.keys(forms);
    const refused = Object.values(forms).map(({ weRefuse }) => weRefuse !== undefined);
    const table = (rows: readonly (Arrived | undefined)[]) =>
      Object.fromEntries(
        names.map((name, at) => [name, refused[at] ? 'nothing' : readable(rows[at])]),
      );
    expect(table(ours)).toEqual(table(theirs));
    expect(ours.filter((__, at) => refused[at]).every((sent) => sent === undefined)).toBe(true);
    expect(theirs.filter((__, at) => refused[at]).every((sent) => sent !== undefined)).toBe(true);
    expect(names.length).toBeGreaterThanOrEqual(50);
    // Both send in about half of the forms, and send nothing in the others: the comparison is of something.
    expect(ours.filter((sent) => sent !== undefined).length).toBeGreaterThan(24);
    expect([viaProxy, proxied.length]).toEqual([1, 2]);
  });
});
