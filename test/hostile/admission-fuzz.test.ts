import { generateKeyPairSync, randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { type Child, startChild } from '#test/fakes/child.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { generate, type Generated, type Stock } from './admission/generate.ts';
import { at, type Known, mayAdmit } from './admission/oracle.ts';
import { createRandom } from './admission/random.ts';
import { stockUp } from './admission/stock.ts';
import { patiently, TEST_LIMIT_MS } from '#test/patience.ts';

/**
 * Generated reviews against the built server: `COUNTERSIGN_REVIEWS=100000 npx vitest run
 * test/hostile/admission-fuzz.test.ts` for many, COUNTERSIGN_SEED for others.
 */
const REVIEWS = Number(process.env['COUNTERSIGN_REVIEWS'] ?? 1_500);
const WANTED = process.env['COUNTERSIGN_SEED'] ?? '20261122';
const SEED = WANTED === 'random' ? randomInt(2 ** 31) : Number(WANTED);
const AT_ONCE = 16;
/** Below this many there is nothing to say about memory. */
const MEMORY_FROM = 20_000;
const MEMORY_MARGIN_KB = 24_000;
/** What the deployment sets. */
const NODE_OPTIONS = '--max-old-space-size=160 --max-semi-space-size=8';
const ANSWER_MS = patiently(40_000);
const BUNDLE = fileURLToPath(new URL('../../dist/admission/main.js', import.meta.url));

let dir: string;
let registry: RunningRegistry;
let child: Child;
let agent: Agent;
let port: number;
let stock: Stock;
let known: Known;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-fuzz-'));
  registry = await startRegistry({ port: 0 });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { cert, key } = createSelfSigned();
  const files = {
    'tls.crt': cert,
    'tls.key': key,
    'cosign.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'countersign.yaml': config(registry.host),
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dir, name), text)));
  ({ stock, known } = await stockUp(registry, privateKey));
  child = startChild(BUNDLE, {
    PORT: '0',
    HOST: '127.0.0.1',
    COUNTERSIGN_CONFIG: join(dir, 'countersign.yaml'),
    COUNTERSIGN_TLS_CERT: join(dir, 'tls.crt'),
    COUNTERSIGN_TLS_KEY: join(dir, 'tls.key'),
    NODE_OPTIONS,
  });
  port = Number((await child.line('Listening')).port);
  agent = new Agent({ ca: cert, keepAlive: true, maxSockets: AT_ONCE });
});
afterAll(async () => {
  agent?.destroy();
  child?.kill('SIGTERM');
  await child?.exited;
  await registry?.close();
  await rm(dir, { recursive: true });
});

function config(host: string): string {
  const topic = (name: string): string => `projects/p/topics/${name}`;
  const names = ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'];
  return [
    'apiVersion: countersign.dev/v1',
    'fleet: { kubeconfig: { path: ./kubeconfig } }',
    `registries: [{ host: "${host}", plainHttp: true, auth: none }]`,
    `images: [{ match: "${host}/configs/**", trust: release }]`,
    'trust: { release: { authorities: [{ name: k, key: { file: ./cosign.pub } }] } }',
    `topics: { ${names.map((name) => `${name}: ${topic(name)}`).join(', ')} }`,
    'store: { sqlite: { path: ./store.sqlite } }',
    // The longest that there is: what it admits is asked, and not how fast it is.
    'admission: { deadline: 29s }',
    'access: { admission: { mode: none } }',
  ].join('\n');
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Rejects for whatever is no answer in time: a crash, a hang. */
function post(body: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const options = { port, host: '127.0.0.1', path: '/validate?timeout=30s', agent, headers };
  const asked = request({ ...options, method: 'POST', timeout: ANSWER_MS }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  asked.on('timeout', () => asked.destroy(new Error('No answer in time')));
  asked.on('error', reject);
  asked.end(body);
  return promise;
}

/** What is wrong with an answer, in the oracle's opinion; undefined where nothing is. */
function faultOf({ text, clean }: Generated, { status, text: said }: Answer): string | undefined {
  const body = parse(text);
  const uid = at(at(body, 'request'), 'uid');
  if (status >= 400 && status < 500) return clean ? `Answered with ${status}` : undefined;
  if (status !== 200) return `Answered with ${status}`;
  const response = at(parse(said), 'response');
  // A body that cannot be parsed is answered under the uid that it begins with.
  const expected = typeof uid === 'string' ? uid : at(response, 'uid');
  if (at(response, 'uid') !== expected || !text.includes(JSON.stringify(expected)))
    return 'Wrong uid';
  const allowed = at(response, 'allowed');
  if (typeof allowed !== 'boolean') return 'No decision';
  const may = body !== undefined && mayAdmit(body, known);
  if (allowed && !may) return 'Admitted what must not be';
  return clean && may && !allowed ? 'Denied what may be admitted' : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Resident memory of the server in kB; undefined where there is no /proc. */
async function residentKb(): Promise<number | undefined> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes);
}

it(
  `answers ${REVIEWS} generated reviews of seed ${SEED} as they must be`,
  async () => {
    const random = createRandom(SEED);
    const faults: string[] = [];
    const counts = { admitted: 0, denied: 0, refused: 0 };
    const memory: number[] = [];
    let made = 0;
    async function work(): Promise<void> {
      while (made < REVIEWS) {
        made += 1;
        const generated = generate(random, stock);
        if (made % Math.ceil(REVIEWS / 20) === 0) memory.push((await residentKb()) ?? 0);
        const answer = await post(generated.text);
        if (answer.status !== 200) counts.refused += 1;
        else if (answer.text.includes('"allowed":true')) counts.admitted += 1;
        else counts.denied += 1;
        const fault = faultOf(generated, answer);
        if (fault !== undefined) faults.push(`${fault}: ${generated.text} => ${answer.text}`);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(faults.slice(0, 3)).toEqual([]);
    // Enough of each, or nothing was tried.
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(REVIEWS / 50);
    expect(child.noise).toEqual([]);
    expect(child.lines.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
    if (REVIEWS < MEMORY_FROM) return;
    process.stdout.write(`${JSON.stringify({ counts, memory })}\n`);
    expect(Math.max(...memory.slice(15))).toBeLessThan(
      Math.max(...memory.slice(4, 9)) + MEMORY_MARGIN_KB,
    );
  },
  Math.max(TEST_LIMIT_MS, patiently(60_000 + REVIEWS * 10)),
);
