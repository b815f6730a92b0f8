import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { RunningPrometheus } from '#test/contract/evidence/suite.ts';

/** What the real one answers (`test/e2e/prometheus.test.ts`), by query: types and results of instant queries. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  '1': scalar('1'),
  '1 - 1': scalar('0'),
  'vector(0.25)': vector('0.25'),
  'vector(1)': vector('1'),
  'vector(-2.5)': vector('-2.5'),
  'vector(1e-9)': vector('1e-09'),
  'vector(1e21)': vector('1000000000000000000000'),
  'vector(0) / 0': vector('NaN'),
  'vector(1) / 0': vector('+Inf'),
  'vector(-1) / 0': vector('-Inf'),
  no_such_metric: vector(),
  'no_such_metric[5m]': { resultType: 'matrix', result: [] },
  '"0.5"': { resultType: 'string', result: [0, '0.5'] },
};

function scalar(value: string): unknown {
  return { resultType: 'scalar', result: [1_764_000_000.123, value] };
}

function vector(...values: readonly string[]): unknown {
  const result = values.map((value) => ({ metric: {}, value: [1_764_000_000.123, value] }));
  return { resultType: 'vector', result };
}

/** A Prometheus that knows a few queries. */
export async function startFakePrometheus(): Promise<RunningPrometheus> {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const query = new URLSearchParams(Buffer.concat(chunks).toString()).get('query') ?? '';
    const data = query.startsWith('label_replace') ? vector('0', '0') : ANSWERS[query];
    const isFound = request.method === 'POST' && request.url === '/api/v1/query';
    response.statusCode = !isFound ? 404 : data === undefined ? 400 : 200;
    const error = `invalid parameter "query": 1:5: parse error: unclosed left parenthesis`;
    const refusal = { status: 'error', errorType: 'bad_data', error };
    response.end(JSON.stringify(data === undefined ? refusal : { status: 'success', data }));
  }
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
