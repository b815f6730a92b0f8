import { CountersignError } from '#shared/core/errors.ts';
import { isDigest } from '#shared/core/digest.ts';
import type { ExitCode } from '../run-command.ts';
import { type Api, ApiFailure, readFleet } from './call-api.ts';
import type { Sync } from './schema.ts';
import { type Terminal, clean, createProgress } from './terminal.ts';

export interface AwaitOptions {
  /** `IMAGE@sha256:…`, its tag included where only that tag counts. */
  readonly image: string;
  readonly cluster: string | undefined;
  readonly timeoutMs: number;
  readonly json: boolean;
}

export interface AwaitDeps {
  readonly api: Api;
  readonly terminal: Terminal;
  /** Milliseconds, from any origin. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The snapshot changes with each sweep, a minute apart; the service lets a caller look far more often. */
const PERIOD_MS = 2_000;

/** Phases from which nothing but another push, or a person, leads on. */
const FAILED = new Set(['Failed', 'Blocked', 'Stalled', 'Rejected', 'Refused', 'Unguarded']);

interface Standing {
  readonly live: readonly Sync[];
  readonly failed: readonly Sync[];
  readonly waiting: readonly Sync[];
}

/**
 * Waits until every RSync that follows the image is on the digest: 0. The first that fails on it ends the wait: 1, and
 * so does nobody following it. 3 when the time is up. A service that does not answer for a while is waited for, too;
 * one that never did leaves nothing known: 2. Throws `bad-request` for what is no image with a digest.
 */
export async function awaitDigest(options: AwaitOptions, deps: AwaitDeps): Promise<ExitCode> {
  const { image, digest } = split(options.image);
  const { api, terminal, now, sleep } = deps;
  const progress = createProgress(terminal);
  const startedAt = now();
  const deadline = startedAt + options.timeoutMs;
  let standing: Standing | undefined;
  try {
    for (;;) {
      const about = { image, digest, cluster: options.cluster, sinceMs: now() - startedAt };
      standing = await look(api, about).catch((error) => {
        if (!isPassing(error)) throw error;
        progress.show(`The service does not answer: ${clean(error.message)}`);
        return standing;
      });
      if (standing !== undefined) {
        progress.show(describe(standing));
        const code = codeOf(standing);
        if (code !== undefined) return finish(code, standing, options, deps);
      }
      if (now() >= deadline) return finish(standing ? 3 : 2, standing, options, deps);
      await sleep(Math.min(PERIOD_MS, Math.max(0, deadline - now())));
    }
  } finally {
    progress.end();
  }
}

function split(text: string): { image: string; digest: string } {
  const at = text.lastIndexOf('@');
  const digest = text.slice(at + 1);
  if (at > 0 && isDigest(digest)) return { image: text.slice(0, at), digest };
  throw new CountersignError('bad-request', `${text} is not IMAGE@sha256:… with 64 hex digits`);
}

/**
 * A failure counts once its cluster was read after the wait began, `sinceMs` ago: what the snapshot has from before may
 * be about the digest before it was signed.
 */
async function look(
  api: Api,
  about: { image: string; digest: string; cluster: string | undefined; sinceMs: number },
): Promise<Standing> {
  const { image, digest, cluster, sinceMs } = about;
  const { clusters, syncs } = await readFleet(api, { image, cluster });
  const read = clusters.filter(({ ageSeconds = Infinity }) => ageSeconds * 1_000 < sinceMs);
  const fresh = new Set(read.map((one) => one.cluster));
  const isLive = (one: Sync): boolean => one.phase === 'Synced' && one.liveDigest === digest;
  const hasFailed = (one: Sync): boolean =>
    FAILED.has(one.phase) && one.digest === digest && fresh.has(one.cluster);
  return {
    live: syncs.filter(isLive),
    failed: syncs.filter(hasFailed),
    waiting: syncs.filter((one) => !isLive(one) && !hasFailed(one)),
  };
}

/** Undefined while there is something to wait for. */
function codeOf({ live, failed, waiting }: Standing): ExitCode | undefined {
  if (failed.length > 0 || live.length + waiting.length === 0) return 1;
  return waiting.length === 0 ? 0 : undefined;
}

function describe({ live, failed, waiting }: Standing): string {
  const all = live.length + failed.length + waiting.length;
  if (all === 0) return 'No RSync follows this image';
  const phases = new Map<string, number>();
  for (const { phase } of waiting) phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const rest = [...phases].map(([phase, count]) => `${count} ${phase}`);
  const lost = failed.length === 0 ? [] : [`${failed.length} failed`];
  return clean([`${live.length} of ${all} live`, ...lost, ...rest].join(', '));
}

function finish(
  code: ExitCode,
  standing: Standing | undefined,
  { json }: AwaitOptions,
  { terminal: { out } }: AwaitDeps,
): ExitCode {
  const { live, failed, waiting } = standing ?? { live: [], failed: [], waiting: [] };
  if (json) {
    out(`${JSON.stringify({ code, live, failed, waiting }, null, 2)}\n`);
    return code;
  }
  const late = code === 3 ? waiting : [];
  const lines = [...failed, ...late].map(({ cluster, sync, phase, message, errors }) => {
    const [error] = errors;
    const told = error === undefined ? message : `${error.code}: ${error.message}`;
    return `${phase}  ${cluster} ${sync}: ${told}`;
  });
  const last = {
    0: 'Live everywhere',
    1: 'Not live',
    2: 'Not known: the service never answered',
    3: 'Not live in time',
  }[code];
  out([...lines, last].map((line) => `${clean(line)}\n`).join(''));
  return code;
}

/** What a later call may not meet: no answer, or a service that says "not now". */
function isPassing(error: unknown): error is ApiFailure {
  return (
    error instanceof ApiFailure &&
    (error.status === 0 || error.status === 429 || error.status >= 500)
  );
}
