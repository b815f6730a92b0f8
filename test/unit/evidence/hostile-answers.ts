import type { ServerResponse } from 'node:http';

/** Each is an answer to a query; none of them is a number, and none may be taken for one. */
export const HOSTILE_ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'a page of HTML': (response) => void response.end('<html><body>0</body></html>'),
  'an empty body': (response) => void response.end(),
  'a bare number': (response) => void response.end('0'),
  'half an answer': (response) => void response.end('{"status":"success","data":{"resultType":"sc'),
  'no UTF-8': (response) => void response.end(Buffer.from([0xff, 0xfe, 0x30])),
  'an error as 200': (response) => json(response, { status: 'error', error: 'timeout' }),
  'a status of its own': (response) => json(response, { status: 'SUCCESS', data: SCALAR }),
  'a warning beside its number': (response) =>
    json(response, { status: 'success', data: SCALAR, warnings: ['partial response'] }),
  'a number that is none of a text': (response) =>
    json(response, { status: 'success', data: { resultType: 'scalar', result: [0, 0] } }),
  null: (response) =>
    json(response, { status: 'success', data: { resultType: 'scalar', result: null } }),
  'a hexadecimal number': (response) => scalar(response, '0x0'),
  'a number with blanks': (response) => scalar(response, ' 0 '),
  'an empty text': (response) => scalar(response, ''),
  'an infinite number of digits': (response) => scalar(response, '1e999'),
  'Infinity by its name in JavaScript': (response) => scalar(response, '-Infinity'),
  'a number with a thousands separator': (response) => scalar(response, '0,5'),
  'a histogram': (response) =>
    json(response, {
      status: 'success',
      data: {
        resultType: 'vector',
        result: [{ metric: {}, histogram: [0, { count: '1', sum: '0' }] }],
      },
    }),
  'two series, one of them good': (response) =>
    json(response, {
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: {}, value: [0, '0'] },
          { metric: {}, value: [0, '9'] },
        ],
      },
    }),
  'a scalar that says it is a vector': (response) =>
    json(response, { status: 'success', data: { resultType: 'vector', result: [0, '0'] } }),
  'a failure': (response) => void response.writeHead(500).end(JSON.stringify(GOOD)),
  'too many requests': (response) => void response.writeHead(429).end(JSON.stringify(GOOD)),
  'no permission': (response) => void response.writeHead(403).end(JSON.stringify(GOOD)),
  'no content': (response) => void response.writeHead(204).end(),
  'a redirect': (response) =>
    void response
      .writeHead(302, { location: 'http://127.0.0.1:1/api/v1/query' })
      .end(JSON.stringify(GOOD)),
  'another redirect': (response) =>
    void response.writeHead(307, { location: '/elsewhere' }).end(JSON.stringify(GOOD)),
  'an answer without an end': (response) => {
    response.write('{"status":"success",');
    const more = setInterval(() => response.write(' '.repeat(32_768)), 1);
    response.on('close', () => clearInterval(more));
  },
  'a number behind a megabyte': (response) =>
    json(response, { padding: 'x'.repeat(1_048_576), ...GOOD }),
  'a connection that breaks': (response) => void response.destroy(),
  'one that breaks midway': (response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"status":"success"', () => response.destroy());
  },
  silence: () => undefined,
};

const SCALAR = { resultType: 'scalar', result: [0, '0'] };

/** What would be taken for 0. */
export const GOOD = { status: 'success', data: SCALAR };

function json(response: ServerResponse, body: unknown): void {
  response.end(JSON.stringify(body));
}

function scalar(response: ServerResponse, text: string): void {
  json(response, { status: 'success', data: { resultType: 'scalar', result: [0, text] } });
}
