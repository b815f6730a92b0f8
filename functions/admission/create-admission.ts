import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { AdmissionConfig } from '#shared/config/config.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { AppEnv } from '#shared/http/app.ts';
import type { Log } from '#shared/http/log.ts';
import { answerProblem, problem, problemOf } from '#shared/http/problem.ts';
import { answerReview } from './answer.ts';
import { deadlineOf } from './deadline.ts';
import { type Decision, refuse } from './decision.ts';
import { type JudgeDeps, judgeRequest } from './judge.ts';
import { measureReview, type Metering } from './measure-review.ts';
import { type Review, readReview } from './read-review.ts';

/** What reviews are judged with; made of the config once that is read. */
export interface Engine extends JudgeDeps {
  /** Throws where whoever asks may not; `secret` is what stands behind `/validate/`. */
  readonly checkReviewer: (reviewer: Reviewer) => Promise<void>;
  readonly mode: AdmissionConfig['mode'];
  readonly deadlineMs: number;
}

export interface Reviewer {
  readonly headers: Headers;
  readonly secret?: string;
}

export interface AdmissionDeps {
  /** Resolves when the config is read and its keys are loaded. */
  readonly engine: () => Promise<Engine>;
  /** Measures reviews. */
  readonly metering?: Metering;
}

/** What @hono/node-server hands to its app. */
const nodeEnv = z.object({ incoming: z.object({ rawBody: z.instanceof(Uint8Array) }) });

const JSON_BODY = /^application\/json(?:\s*;|$)/i;

/**
 * `POST /validate`, and `POST /validate/SECRET` for `access: { mode: path }`; to be mounted on an app that has health,
 * readiness and problem documents (DESIGN section 10).
 */
export function createAdmission(deps: AdmissionDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/validate', async (c) => validate(c, deps, {}));
  app.post('/validate/:secret', async (c) => {
    try {
      return await validate(c, deps, { secret: c.req.param('secret') });
    } catch (error) {
      // Not by the app, whose log line has the path in it.
      const failure = toFailure(error);
      c.get('log').warn({ error: failure }, 'Request failed');
      return answerProblem(problemOf(failure), failure.retryAfterMs);
    }
  });
  return app;
}

async function validate(
  c: Context<AppEnv>,
  { engine: open, metering }: AdmissionDeps,
  address: Pick<Reviewer, 'secret'>,
): Promise<Response> {
  const startedAt = metering?.now();
  const engine = await open();
  await engine.checkReviewer({ ...address, headers: c.req.raw.headers });
  const review = readReview(await bodyOf(c));
  if (review === undefined) {
    const detail = 'The body is no AdmissionReview with a uid to answer';
    return answerProblem(problem(400, 'bad-request', detail));
  }
  const decision = await decide(c, review, engine);
  record(c.get('log'), review, decision, engine.mode);
  // What was known already takes no time worth a line, and comes from every RSync of every cluster.
  if (!isRemembered(decision)) measureReview(decision, startedAt, metering);
  return c.json(answerReview(review, decision, engine.mode));
}

/** The bytes that the listener has read (`shared/http/cap-body.ts`), without another copy where they can be had. */
async function bodyOf(c: Context<AppEnv>): Promise<Uint8Array> {
  const { data } = nodeEnv.safeParse(c.env);
  return data?.incoming.rawBody ?? new Uint8Array(await c.req.arrayBuffer());
}

/** Whatever happens in here, the review is answered. */
async function decide(c: Context<AppEnv>, review: Review, engine: Engine): Promise<Decision> {
  if (review.problem !== undefined) return refuse('unreadable', review.problem);
  if (!JSON_BODY.test(c.req.header('content-type') ?? '')) {
    return refuse('unreadable', 'The content-type of a review must be application/json');
  }
  try {
    const deadlineMs = deadlineOf(c.req.query('timeout'), engine.deadlineMs);
    return await judgeRequest(review.request, deadlineMs, engine);
  } catch (error) {
    const failure = toFailure(error);
    c.get('log').error({ error: failure, uid: review.uid }, 'Review failed');
    return refuse('unchecked', `The review failed (${failure.code}): see the log of Countersign`);
  }
}

function record(log: Log, { uid }: Review, decision: Decision, mode: Engine['mode']): void {
  const { outcome, facts } = decision;
  if (!decision.admit) {
    log.warn({ uid, outcome, mode, ...facts, reason: decision.message }, 'Review refused');
    return;
  }
  const fields = { uid, outcome, ...facts };
  const judged = outcome === 'verified' || outcome === 'verified-earlier';
  // What was known already is repeated for every RSync of a cluster, and is in the audit log of its API server.
  if (judged && !isRemembered(decision)) log.info(fields, 'Review admitted');
  else log.debug(fields, 'Review admitted');
}

function isRemembered(decision: Decision): boolean {
  return decision.admit && decision.remembered === true;
}
