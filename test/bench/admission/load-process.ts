import { Agent, request } from 'node:https';
import { type Asked, answerParent } from '../process/own-process.ts';

/** As many requests as fit into the time, over connections that are kept, each with the next body. */
export interface LoadTask {
  readonly url: string;
  readonly ca: string;
  readonly connections: number;
  /** Milliseconds; it ends before where every body has been sent once and `once` says so. */
  readonly forMs: number;
  readonly bodies: readonly string[];
  readonly once?: boolean;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** Reviews that were not admitted, and answers that were none. */
  readonly refused: number;
}

async function load(task: LoadTask): Promise<LoadResult> {
  const { ca, connections, forMs, bodies } = task;
  const last = task.once === true ? bodies.length : Infinity;
  const agent = new Agent({ keepAlive: true, maxSockets: connections, ca });
  const url = new URL('/validate', task.url);
  const times: number[] = [];
  let refused = 0;
  let next = 0;
  const began = performance.now();

  async function walk(): Promise<void> {
    while (performance.now() - began < forMs && next < last) {
      const body = bodies[next % bodies.length] ?? '';
      next += 1;
      const sent = performance.now();
      const admitted = await review(url, agent, body);
      times.push(performance.now() - sent);
      if (!admitted) refused += 1;
    }
  }

  await Promise.all(Array.from({ length: connections }, walk));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return {
    perSecond: times.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    requests: times.length,
    refused,
  };
}

function review(url: URL, agent: Agent, body: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('end', () => resolve(text.includes('"allowed":true')));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

process.on('message', (asked: Asked<LoadTask>) => answerParent(asked, load(asked.task)));
