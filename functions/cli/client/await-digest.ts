import { cleanLine, foldLines } from '#shared/core/foreign-text.ts';
import type { ExitCode } from '../run-command.ts';
import { type Api, ApiFailure, readFleet } from './call-api.ts';
import { type Sync, Verdict } from './schema.ts';
import { type Terminal, createProgress, printJson, printLines } from './terminal.ts';

export interface AwaitOptions {
  /**
   * Any name of it: `IMAGE:TAG`, `IMAGE@sha256:…` (of an index or of its child), `CHART:VERSION`, `CHART@sha256:…`.
   * Where a tag is written, only RSyncs on that tag count.
   */
  readonly image: string;
  readonly cluster: string | undefined;
  readonly timeoutMs: number;
  /** How long an RSync that follows it may not have been found yet. */
  readonly graceMs: number;
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

/** What is waited for, as the registry has it. */
interface Wanted {
  /** With its tag, where one was written. */
  readonly image: string;
  /** Absent where the registry has none. */
  readonly digest: string | undefined;
  readonly message: string;
}

/**
 * Waits until every RSync that follows the image is on the digest that its name stands for now: 0. The first that fails
 * on it ends the wait: 1, and so does an image that no RSync follows once the grace is over. 3 when the time is up, in
 * which an image may still arrive in the registry. A service that does not answer for a while is waited for, too; one
 * that never did leaves nothing known: 2. Throws `ApiFailure` for what the service refuses.
 */
export async function awaitDigest(options: AwaitOptions, deps: AwaitDeps): Promise<ExitCode> {
  const { api, terminal, now, sleep } = deps;
  const progress = createProgress(terminal);
  const startedAt = now();
  const deadline = startedAt + options.timeoutMs;
  let wanted: Wanted | undefined;
  let standing: Standing | undefined;
  try {
    for (;;) {
      try {
        if (wanted?.digest === undefined) wanted = await resolve(options.image, api);
        const { image, digest, message } = wanted;
        if (digest === undefined) progress.show(cleanLine(message));
        else {
          const sinceMs = now() - startedAt;
          standing = await look(api, { image, digest, cluster: options.cluster, sinceMs });
        }
      } catch (error) {
        if (!isPassing(error)) throw error;
        progress.show(`The service does not answer: ${cleanLine(error.message)}`);
      }
      if (standing !== undefined) {
        progress.show(describe(standing));
        const code = codeOf(standing, now() - startedAt < options.graceMs);
        if (code !== undefined) return finish(code, standing, options, deps);
      }
      if (now() >= deadline) {
        const isAbsent = wanted !== undefined && wanted.digest === undefined;
        return finish(standing === undefined && !isAbsent ? 2 : 3, standing, options, deps);
      }
      await sleep(Math.min(PERIOD_MS, Math.max(0, deadline - now())));
    }
  } finally {
    progress.end();
  }
}

/** What a name stands for: Config Sync reports the child of an index, and charts by their version. */
async function resolve(image: string, api: Api): Promise<Wanted> {
  const { digest, message } = await api.post('/v1/verify', { image }, Verdict);
  const at = image.lastIndexOf('@');
  return { image: at > 0 ? image.slice(0, at) : image, digest, message };
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
  // A chart is live by its version; what its tag is in the registry is the digest.
  const isLive = ({ phase, liveDigest, registryDigest }: Sync): boolean =>
    phase === 'Synced' && (liveDigest === digest || registryDigest === digest);
  const hasFailed = (one: Sync): boolean =>
    FAILED.has(one.phase) &&
    (one.digest === digest || one.registryDigest === digest) &&
    fresh.has(one.cluster);
  return {
    live: syncs.filter(isLive),
    failed: syncs.filter(hasFailed),
    waiting: syncs.filter((one) => !isLive(one) && !hasFailed(one)),
  };
}

/** Undefined while there is something to wait for: within the grace, also for an RSync that was not found yet. */
function codeOf({ live, failed, waiting }: Standing, mayAppear: boolean): ExitCode | undefined {
  if (failed.length > 0) return 1;
  if (live.length + waiting.length === 0) return mayAppear ? undefined : 1;
  return waiting.length === 0 ? 0 : undefined;
}

function describe({ live, failed, waiting }: Standing): string {
  const all = live.length + failed.length + waiting.length;
  if (all === 0) return 'No RSync follows this image yet';
  const phases = new Map<string, number>();
  for (const { phase } of waiting) phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const rest = [...phases].map(([phase, count]) => `${count} ${phase}`);
  const lost = failed.length === 0 ? [] : [`${failed.length} failed`];
  return cleanLine([`${live.length} of ${all} live`, ...lost, ...rest].join(', '));
}

function finish(
  code: ExitCode,
  standing: Standing | undefined,
  { json }: AwaitOptions,
  { terminal }: AwaitDeps,
): ExitCode {
  const { live, failed, waiting } = standing ?? { live: [], failed: [], waiting: [] };
  if (json) {
    printJson(terminal, { code, live, failed, waiting });
    return code;
  }
  const late = code === 3 ? waiting : [];
  const lines = [...failed, ...late].map(({ cluster, sync, phase, message, errors }) => {
    const [error] = errors;
    const why = error === undefined ? message : `${error.code}: ${error.message}`;
    return `${phase}  ${cluster} ${sync}: ${why}`;
  });
  const last = {
    0: 'Live everywhere',
    1: 'Not live',
    2: 'Not known: the service never answered',
    3: 'Not live in time',
  }[code];
  printLines(terminal, [...lines, last].map(foldLines));
  return code;
}

/** What a later call may not meet: no answer, or a service that says "not now". */
function isPassing(error: unknown): error is ApiFailure {
  return (
    error instanceof ApiFailure &&
    (error.status === 0 || error.status === 429 || error.status >= 500)
  );
}
