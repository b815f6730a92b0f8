import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { AdmissionConfig, Config } from '#shared/config/config.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { Meter } from '#shared/telemetry/metrics.ts';
import type { AppEnv } from '#shared/http/app.ts';
import type { Log } from '#shared/http/log.ts';
import { answerProblem, problem, problemOf } from '#shared/http/problem.ts';
import { createLanes } from '#shared/http/shed-load.ts';
import { withDeadline } from '#shared/net/within.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';
import { nameOf } from './announcement.ts';
import { createAsk, createGoodVerdicts, type FindDeps, findVerdict } from './ask.ts';
import { type Decision, refuse } from './decision.ts';
import { type JudgeDeps, judgeRequest } from './judge-request.ts';
import { answerReview, type Review, readReview } from './review.ts';
import type { CheckReviewer, Reviewer } from './reviewers.ts';

/** One look, whatever its reviews have waited: its lane is wanted. */
const LOOK_LIMIT_MS = 20_000;
/** Looks at one registry at once, and that wait for it: one that hangs holds up no other's. */
const LOOK_LANES = { perKey: 16, waiting: 128 };
/** What of the API server's own timeout is left for the way back, and no more than this share of a short one. */
const ANSWER_MARGIN_MS = 500;
const MARGIN_SHARE = 0.25;

/** What reviews are judged with; made of the config once that is read. */
export interface Reviewing extends JudgeDeps {
  readonly checkReviewer: CheckReviewer;
  readonly mode: AdmissionConfig['mode'];
  readonly deadlineMs: number;
}

export interface ReviewingDeps
  extends FindDeps,
    Pick<Reviewing, 'rules' | 'policies' | 'checkReviewer'> {
  readonly config: Pick<Config, 'admission' | 'unmatched'>;
  readonly log: Log;
}

/**
 * Everything that reviews are judged with, with its memory still empty.
 *
 * @example
 * const reviewing = createReviewing({ ...images, config, checkReviewer, log, now });
 */
export function createReviewing(deps: ReviewingDeps): Reviewing {
  const { config, rules, policies, checkReviewer, log, now } = deps;
  const { unmatched, admission } = config;
  const { mode, unchanged, deadlineMs, staleForMs } = admission;
  const ask = createAsk({
    find: (question) =>
      withDeadline(LOOK_LIMIT_MS, `Looking at ${nameOf(question.announced)}`, () =>
        findVerdict(question, deps),
      ),
    good: createGoodVerdicts({ staleForMs, now }),
    lanes: createLanes(LOOK_LANES),
    now,
    onFailure({ announced }, error) {
      log.warn({ error, image: nameOf(announced) }, 'Image could not be checked');
    },
  });
  return { rules, policies, unmatched, unchanged, mode, deadlineMs, checkReviewer, ask };
}

export interface AdmissionDeps {
  readonly reviewing: () => Reviewing;
  readonly metering: Metering;
}

/** What @hono/node-server hands to its app. */
const nodeEnv = z.object({ incoming: z.object({ rawBody: z.instanceof(Uint8Array) }) });

const JSON_BODY = /^application\/json(?:\s*;|$)/i;

/**
 * `POST /validate`, and `/validate/SECRET` for `access: { mode: path }`, for an app that has health and problem documents.
 *
 * @example
 * app.route('/', createAdmission({ reviewing: () => reviewing, metering: { meter, now } }));
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
  { metering, ...deps }: AdmissionDeps,
  address: Pick<Reviewer, 'secret'>,
): Promise<Response> {
  const startedAt = metering.now();
  const reviewing = deps.reviewing();
  await reviewing.checkReviewer({ ...address, headers: c.req.raw.headers });
  const review = readReview(await bodyOf(c));
  if (review === undefined) {
    const detail = 'The body is no AdmissionReview with a uid to answer';
    return answerProblem(problem(400, 'bad-request', detail));
  }
  const decision = await decide(c, review, reviewing);
  const isNews = !(decision.admit && decision.remembered === true);
  record(c.get('log'), review, decision, reviewing.mode, isNews);
  // What was known already takes no time worth a line, and comes from every RSync of every cluster.
  if (isNews) measureReview(decision, startedAt, metering);
  return c.json(answerReview(review, decision, reviewing.mode));
}

/** The bytes that the listener has read (`shared/http/cap-body.ts`), without another copy where they can be had. */
async function bodyOf(c: Context<AppEnv>): Promise<Uint8Array> {
  const { data } = nodeEnv.safeParse(c.env);
  return data?.incoming.rawBody ?? new Uint8Array(await c.req.arrayBuffer());
}

/** Whatever happens in here, the review is answered. */
async function decide(c: Context<AppEnv>, review: Review, reviewing: Reviewing): Promise<Decision> {
  if (review.problem !== undefined) return refuse('unreadable', review.problem);
  if (!JSON_BODY.test(c.req.header('content-type') ?? '')) {
    return refuse('unreadable', 'The content-type of a review must be application/json');
  }
  try {
    const deadlineMs = deadlineOf(c.req.query('timeout'), reviewing.deadlineMs);
    return await judgeRequest(review.request, deadlineMs, reviewing);
  } catch (error) {
    const failure = toFailure(error);
    c.get('log').error({ error: failure, uid: review.uid }, 'Review failed');
    return refuse('unchecked', `The review failed (${failure.code}): see the log of Countersign`);
  }
}

function record(
  log: Log,
  { uid }: Review,
  decision: Decision,
  mode: Reviewing['mode'],
  isNews: boolean,
): void {
  const { outcome, facts } = decision;
  const fields = { uid, outcome, ...facts };
  if (!decision.admit) log.warn({ ...fields, mode, reason: decision.message }, 'Review refused');
  // What was known already is in the audit log of its API server.
  else if (isNews && JUDGED.has(outcome)) log.info(fields, 'Review admitted');
  else log.debug(fields, 'Review admitted');
}

// Go's time.Duration, as the API server writes `timeoutSeconds` into the address: `10s`, `1m30s`, `500ms`.
const DURATION = /^(?:(\d{1,3})m)?(?:(\d{1,5}(?:\.\d{1,9})?)s)?$|^(\d{1,6})ms$/;

/**
 * Milliseconds that an answer may take: the config's, and always less than the API server waits for it, which it says
 * in the address (`?timeout=10s`). What it does not say in a form that is understood counts as not said.
 */
export function deadlineOf(timeout: string | undefined, deadlineMs: number): number {
  const [whole, minutes = '0', seconds = '0', milliseconds = '0'] =
    DURATION.exec(timeout ?? '') ?? [];
  if (whole === undefined || whole === '') return deadlineMs;
  const waits = Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(milliseconds);
  if (waits <= 0) return deadlineMs;
  const margin = Math.min(ANSWER_MARGIN_MS, waits * MARGIN_SHARE);
  return Math.min(deadlineMs, waits - margin);
}

/** What could not be answered, as against what was answered with no. */
const FAILED = new Set<Decision['outcome']>(['unchecked', 'overloaded', 'unreadable']);

/** What is admitted by a verdict. The rest changed nothing that is judged, and there is much of it. */
const JUDGED = new Set<Decision['outcome']>(['verified', 'verified-earlier']);

interface Metering {
  readonly meter: Meter;
  readonly now: () => Date;
}

/** Measures a review for which there had to be a verdict. */
export function measureReview(
  { admit, outcome }: Pick<Decision, 'admit' | 'outcome'>,
  startedAt: Date,
  { meter, now }: Metering,
): void {
  if (admit && !JUDGED.has(outcome)) return;
  const refused = FAILED.has(outcome) ? 'failed' : 'denied';
  const seconds = secondsSince(startedAt, now());
  meter.record('review_duration', seconds, { outcome: admit ? 'allowed' : refused });
}
