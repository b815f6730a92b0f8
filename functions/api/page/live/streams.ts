import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { toFailure } from '#shared/core/errors.ts';
import { answerProblem, problem } from '#shared/http/problem.ts';
import type { ApiEnv } from '../../guard.ts';
import { MAX_STREAMS, MAX_STREAMS_EACH, STREAM_MS, STREAM_TICK_MS } from '../../limits.ts';

/** Waits for as long as that, or until the signal comes. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** A short name of what the fleet is: another one where that has changed. */
export type ReadEdition = () => Promise<string>;

export interface StreamsDeps {
  readonly pause: Pause;
  readonly now: () => Date;
}

/** Sends news of the fleet, and ends what would not end by itself. */
export interface Streams {
  answer(c: Context<ApiEnv>, readEdition: ReadEdition): Response;
  close(): void;
}

/**
 * Streams of news for open pages: each tick the edition of the fleet, which all of an instance read once. They are few,
 * and shorter than Cloud Run's least time limit, after which a browser comes again by itself. A page that finds no room
 * fetches itself each minute instead.
 *
 * @example
 * const streams = createStreams({ pause, now });
 * api.get('/page/events', (c) => streams.answer(c, readEdition));
 */
export function createStreams({ pause, now }: StreamsDeps): Streams {
  const open = new Map<string, number>();
  const ending = new AbortController();
  let count = 0;

  function leave(person: string): void {
    count -= 1;
    const left = (open.get(person) ?? 1) - 1;
    if (left === 0) open.delete(person);
    else open.set(person, left);
  }

  return {
    answer(c, readEdition) {
      const { name } = c.get('person');
      const mine = open.get(name) ?? 0;
      if (ending.signal.aborted || count >= MAX_STREAMS || mine >= MAX_STREAMS_EACH)
        return answerProblem(FULL);
      // Of HEAD, no body is read: what is written to it would wait for ever, and so would its place.
      if (c.req.method === 'HEAD') return c.body(null, 200, HEAD);
      count += 1;
      open.set(name, mine + 1);
      const answer = streamSSE(c, async (out) => {
        const left = new AbortController();
        out.onAbort(() => left.abort());
        const signal = AbortSignal.any([left.signal, ending.signal]);
        const endsAt = now().getTime() + STREAM_MS;
        try {
          while (!signal.aborted && now().getTime() < endsAt) {
            await out.writeSSE({ data: await readEdition(), retry: STREAM_TICK_MS });
            await pause(STREAM_TICK_MS, signal);
          }
        } catch (error) {
          // Silence is how a page learns that there is no news to be had.
          c.get('log').warn({ error: toFailure(error) }, 'News of the fleet cannot be read');
        } finally {
          leave(name);
        }
      });
      answer.headers.set('cache-control', 'no-store');
      // Front ends that buffer would pass it on when it ends.
      answer.headers.set('x-accel-buffering', 'no');
      return answer;
    },
    close() {
      ending.abort();
    },
  };
}

const HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } as const;

/** 204 would end the browser's trying as well; this says why. */
const FULL = problem(
  429,
  'rate-limited',
  'No further page may listen now: this one reloads by itself',
);
