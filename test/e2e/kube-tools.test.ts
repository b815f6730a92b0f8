import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseJson } from '#shared/net/json.ts';
import { startKube, writeKubeconfig } from '#infra/local/kube/start-kube.ts';
import { TOOL_CALLS } from './kube-calls.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';
import { runPythonCalls } from './tools/python-client.ts';
import { startSyncCluster } from './tools/sync-cluster.ts';

const USER = 'dev@acme.example';
const CHART: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: platform\nversion: 0.1.0\n',
  'values.yaml': 'color: blue\n',
  'templates/all.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }} }
data: { color: {{ .Values.color | quote }} }
---
apiVersion: configsync.gke.io/v1beta1
kind: RepoSync
metadata: { name: {{ .Release.Name }} }
spec: { sourceType: oci, oci: { image: "x:{{ .Values.color }}", auth: none } }
`,
};

/** What each call of `calls.py` is answered. */
const PYTHON = {
  create_namespace: 'Active',
  create_config_map: { a: 'b' },
  create_secret: { a: 'Yg==' },
  patch_config_map: { a: 'b', c: 'd' },
  patch_config_map_json: { a: 'b' },
  replace_config_map: { a: 'e' },
  replace_stale_config_map: 409,
  managers_of_config_map: ['Update'],
  list_config_maps: ['settings'],
  create_rootsync: 1,
  create_rootsync_strictly: 400,
  patch_rootsync: { image: 'x:v2', auth: 'none' },
  patch_rootsync_status: { observedGeneration: 2 },
  apply_dynamically: 'python',
  apply_in_conflict: 409,
  watch_config_maps: ['ADDED', 'watched'],
  may_i: true,
  may_i_dynamically: true,
  discover: ['1', true, true],
  delete_rootsync: 'Success',
  delete_collections: [],
  delete_namespace: true,
};

describe.each([
  ['the embedded API server', startEmbedded],
  ['a real kube-apiserver', startReal],
] as const)("people's tools on %s", (_, start) => {
  let folder: string;
  let kubeconfig: string;
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-kube-tools-'));
    for (const [path, text] of Object.entries(CHART)) {
      await mkdir(join(folder, 'chart', 'templates'), { recursive: true });
      await writeFile(join(folder, 'chart', path), text);
    }
    ({ kubeconfig, stop } = await start(folder));
  });
  afterAll(async () => {
    await stop?.();
    await rm(folder, { recursive: true });
  });

  it.each(TOOL_CALLS.map((call) => [`${call.tool} ${call.args}`, call] as const))(
    '%s',
    async (__, { tool, args, input = '', code = 0, prints }) => {
      const found = await runProcess({
        command: tool === 'helm' ? findTool('helm') : tool,
        args: args.split(' ').map((arg) => (arg === 'CHART' ? join(folder, 'chart') : arg)),
        // kubectl caches discovery per host and port; a port of another run must not answer for this one.
        env: { HOME: folder, KUBECACHEDIR: join(folder, 'cache'), KUBECONFIG: kubeconfig },
        input,
      });
      expect(found.stdout + found.stderr).toMatch(prints);
      expect(found.code).toBe(code);
    },
  );

  it("answers Python's client", async () => {
    const { stdout, stderr } = await runPythonCalls(kubeconfig, process.env);
    const answers = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => answerSchema.parse(parseJson(line)))
      .map(({ call, answer, refused, failed }) => [call, failed ?? refused ?? answer]);
    expect({ ...Object.fromEntries(answers), stderr }).toEqual({ ...PYTHON, stderr: '' });
  });
});

const answerSchema = z.object({
  call: z.string(),
  answer: z.unknown().optional(),
  refused: z.int().optional(),
  failed: z.string().optional(),
});

interface Started {
  kubeconfig: string;
  stop: () => Promise<void>;
}

async function startEmbedded(folder: string): Promise<Started> {
  const kube = await startKube({ name: 'embedded' });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeKubeconfig({ path: kubeconfig, clusters: [kube], user: USER });
  return { kubeconfig, stop: () => kube.close() };
}

async function startReal(): Promise<Started> {
  const cluster = await startSyncCluster({ everybodyMay: true });
  return { kubeconfig: await cluster.kubeconfig(USER), stop: () => cluster.close() };
}
