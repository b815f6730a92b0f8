import { createClusterApi } from '#shared/fleet/client.ts';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { type KubeconfigFleetDeps, createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { createPlugins } from '#shared/fleet/kubeconfig/exec-plugin.ts';
import { runProgram } from '#shared/net/run-program.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { until } from '#test/fixtures/until.ts';
import { LIMITS } from './connect.ts';
import { sendJson, startScripted } from './scripted-server.ts';
import { type ContextSpec, makeFolder, writeContexts } from './write-kubeconfig.ts';

const PAGE = { limit: 1 };
/** Held: it passes when the test says so. */
const CREDENTIALS_MS = 54_321;
const V1 = 'client.authentication.k8s.io/v1';
const exec = { apiVersion: V1, command: './plugin', interactiveMode: 'Never' };

/** A plugin that counts its runs in its tokens: `t1`, `t2`. */
const COUNTING = `#!/bin/sh
echo x >> "$0.runs"
printf '{"kind":"ExecCredential","apiVersion":"${V1}","status":{"token":"t%s"}}' "$(wc -l < "$0.runs" | tr -d ' ')"
`;

async function connectAll(
  specs: readonly ContextSpec[],
  plugin: string,
  deps: Partial<KubeconfigFleetDeps> = {},
): Promise<readonly ClusterApi[]> {
  const folder = await makeFolder();
  const path = await writeContexts(folder, specs);
  await writeFile(join(folder, 'plugin'), plugin, { mode: 0o755 });
  const limits = { ...LIMITS, retries: 0 };
  const fleet = createKubeconfigFleet(
    { path, contexts: [], labels: {} },
    kubeconfigDeps({ limits, ...deps }),
    createClusterApi,
  );
  const { members } = await fleet.list();
  return Promise.all(members.map((member) => fleet.connect(member)));
}

describe('a context with a plugin', () => {
  it('has the plugin beside its kubeconfig, and keeps what it gave', async () => {
    const server = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const cluster = { server: server.url, 'insecure-skip-tls-verify': true };
    const [api] = await connectAll([{ name: 'c', cluster, user: { exec } }], COUNTING);
    for (let call = 0; call < 3; call += 1) await api?.list('RootSync', PAGE);
    const sent = server.seen.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
  });

  it('asks it again after a 401, once', async () => {
    const server = await startScripted((response, { headers }) => {
      const isOld = headers.authorization === 'Bearer t1';
      sendJson(response, isOld ? 401 : 200, isOld ? { kind: 'Status' } : { items: [] });
    });
    let time = 0;
    const plugins = createPlugins({
      run: runProgram,
      now: () => (time += 10_000),
      variables: process.env,
    });
    const cluster = { server: server.url, 'insecure-skip-tls-verify': true };
    const specs = [{ name: 'c', cluster, user: { exec } }];
    const [api] = await connectAll(specs, COUNTING, { plugins });
    expect(await api?.list('RootSync', PAGE)).toEqual({ items: [] });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer t1',
      'Bearer t2',
    ]);
  });

  it('that hangs is out of reach within its deadline, and no other is', async () => {
    const server = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const cluster = { server: server.url, 'insecure-skip-tls-verify': true };
    const [hung, well] = await connectAll(
      [
        { name: 'hung', cluster, user: { exec } },
        { name: 'well', cluster, user: { token: 't' } },
      ],
      '#!/bin/sh\nsleep 600\n',
      {
        limits: { ...LIMITS, credentialsMs: CREDENTIALS_MS },
        plugins: createPlugins({
          run: () => new Promise(() => undefined),
          now: Date.now,
          variables: process.env,
        }),
      },
    );
    using deadline = holdTimers(CREDENTIALS_MS);
    const failing = hung?.list('RootSync', PAGE).catch((error: unknown) => error);
    const page = await well?.list('RootSync', PAGE);
    await until(() => deadline.count() === 1);
    deadline.pass();
    expect(await failing).toMatchObject({
      code: 'cluster-unreachable',
      message: 'Credentials for cluster "hung" took longer than 54321 ms',
    });
    expect(page).toEqual({ items: [] });
  });
});

describe('a context with a proxy', () => {
  it('is reached through it, verified all the same', async () => {
    const tls = createSelfSigned();
    const server = await startScripted((response) => sendJson(response, 200, { items: [] }), tls);
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const [host = '', port] = (request.url ?? '').split(':');
      const upstream = dial(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on('error', () => socket.destroy());
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void proxy.close());
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const cluster = { server: server.url, 'proxy-url': `http://127.0.0.1:${port}` };
    const ca = Buffer.from(tls.cert).toString('base64');
    const [good, bad] = await connectAll(
      [
        { name: 'good', cluster: { ...cluster, 'certificate-authority-data': ca } },
        { name: 'bad', cluster },
      ],
      '',
    );
    expect(await good?.list('RootSync', PAGE)).toEqual({ items: [] });
    await expect(bad?.list('RootSync', PAGE)).rejects.toMatchObject({
      message: expect.stringContaining('self-signed'),
    });
    expect(asked).toEqual([server.url, server.url].map((url) => url.replace('https://', '')));
    expect(server.seen).toHaveLength(1);
  });
});
