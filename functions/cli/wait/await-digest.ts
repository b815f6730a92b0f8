import { defined } from '#shared/core/defined.ts';
import { foldLines } from '#shared/core/foreign-text.ts';
import type { ExitCode } from '../terminal.ts';
import { viewLines } from '../screens/lines.ts';
import type { Api } from '../api/call-api.ts';
import { readFleet } from '../api/pages.ts';
import type { VerbDeps } from '../verb.ts';
import { sayMissing } from '../names/suggest.ts';
import { poll } from './poll.ts';
import { type Sync, Verdict } from '../api/schema.ts';

export interface AwaitOptions {
  /**
   * Any name of it: `IMAGE:TAG`, `IMAGE@sha256:…` (of an index or of its child), `CHART:VERSION`, `CHART@sha256:…`.
   * Where a tag is written, only RSyncs on that tag count.
   */
  readonly image: string;
  readonly cluster?: string;
  /** In milliseconds. */
  readonly timeout: number;
  /** How long an RSync that follows it may not have been found yet, in milliseconds. */
  readonly grace: number;
}

/** Phases from which nothing but another push, or a person, leads on. */
const FAILED = new Set(['Failed', 'Blocked', 'Stalled', 'Rejected', 'Refused', 'Unguarded']);

interface Standing {
  readonly live: Sync[];
  readonly failed: Sync[];
  readonly waiting: Sync[];
}

/**
 * Waits until every RSync that follows the image is on the digest that its name stands for now: 0. The first that fails
 * on it ends the wait: 1, and so does an image that no RSync follows once the grace is over. 3 when the time is up, in
 * which an image may still arrive in the registry. A service that does not answer for a while is waited for, too; one
 * that never did leaves nothing known: 2. Throws `ApiFailure` for what the service refuses.
 */
export async function awaitDigest(options: AwaitOptions, deps: VerbDeps): Promise<ExitCode> {
  const { image, cluster, timeout, grace } = options;
  const { api, terminal } = deps;
  /** What the name stands for: Config Sync reports the child of an index, and charts by their version. */
  let named: Named | undefined;
  let standing: Standing | undefined;
  const code = await poll(
    {
      async look(sinceMs) {
        if (named?.digest === undefined) named = await api.post('/v1/verify', { image }, Verdict);
        const { digest } = named;
        if (digest !== undefined) standing = await look(api, { image, digest, cluster, sinceMs });
      },
      judge: (elapsedMs) => ({
        line: standing === undefined ? absence(named) : describe(standing),
        code: standing && codeOf(standing, elapsedMs < grace),
      }),
      isKnown: () => standing !== undefined || absence(named) !== undefined,
    },
    timeout,
    deps,
  );
  const found = standing ?? { live: [], failed: [], waiting: [] };
  const { digest } = named ?? {};
  const isNone = standing !== undefined && code === 1 && found.failed.length === 0;
  const none = isNone ? await sayMissing(defined({ image, cluster }), api) : absence(named);
  const value = { code, ...defined({ digest }), ...found };
  terminal.show(viewLines(value, report(code, found, { cluster, none }), namesOf(found)));
  return code;
}

/** What the verdict has of a name. */
export interface Named {
  /** Absent: it is not in the registry. */
  readonly digest?: string | undefined;
  readonly message: string;
}

/** Why a name stands for nothing; undefined where it does, or where that is not known. */
export function absence(named: Named | undefined): string | undefined {
  return named?.digest === undefined ? named?.message : undefined;
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
  const { clusters, syncs } = await readFollowers(api, {
    image: image.replace(/(?<=.)@[^@]*$/, ''),
    cluster,
  });
  const read = clusters.filter(({ ageSeconds = Infinity }) => ageSeconds * 1_000 < sinceMs);
  const fresh = new Set(read.map((one) => one.cluster));
  const standing: Standing = { live: [], failed: [], waiting: [] };
  for (const one of syncs) {
    // A chart is live by its version; what its tag is in the registry is the digest.
    const isOn = (known: string | undefined): boolean =>
      known === digest || one.registryDigest === digest;
    const isLive = one.phase === 'Synced' && isOn(one.liveDigest);
    const hasFailed = FAILED.has(one.phase) && isOn(one.digest) && fresh.has(one.cluster);
    standing[isLive ? 'live' : hasFailed ? 'failed' : 'waiting'].push(one);
  }
  return standing;
}

/**
 * Who follows the image. Where versions are followed, that is all of the repository as soon as one is to be on this one:
 * a cluster that was not looked at since stands on the version before.
 */
async function readFollowers(
  api: Api,
  { image, cluster }: { readonly image: string; readonly cluster: string | undefined },
): ReturnType<typeof readFleet> {
  const named = await readFleet(api, { image, cluster });
  const tracks = named.syncs.some((one) => (one.version ?? one.newest) !== undefined);
  return tracks ? readFleet(api, { image: image.replace(/:[^:/]*$/, ''), cluster }) : named;
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
  for (const { phase } of waiting) {
    // Well, and on what was before.
    const word = phase === 'Synced' ? 'on another digest' : phase;
    phases.set(word, (phases.get(word) ?? 0) + 1);
  }
  const rest = [...phases].map(([phase, count]) => `${count} ${phase}`);
  const lost = failed.length === 0 ? [] : [`${failed.length} failed`];
  return [`${live.length} of ${all} live`, ...lost, ...rest].join(', ');
}

/** Of what is not live. */
function namesOf({ failed, waiting }: Standing): readonly string[] {
  return [...failed, ...waiting].map(placeOf);
}

function report(
  code: ExitCode,
  { live, failed, waiting }: Standing,
  { cluster, none }: { readonly cluster: string | undefined; readonly none: string | undefined },
): readonly string[] {
  const late = code === 3 ? waiting : [];
  return [...failed.map(sayFailed), ...late.map(sayLate), conclude()];

  function conclude(): string {
    const all = live.length + failed.length + waiting.length;
    if (code === 0) return cluster === undefined ? 'Live everywhere' : `Live in ${cluster}`;
    if (code === 2) return 'Not known: the service never answered';
    if (failed.length > 0) return `Not live: ${failed.length} of ${all} failed`;
    if (none !== undefined) return `${code === 3 ? 'Not live in time' : 'Not live'}: ${none}`;
    return all === 0 ? 'Not live in time' : `Not live in time: ${waiting.length} of ${all} wait`;
  }
}

function sayFailed(one: Sync): string {
  const [error] = one.errors;
  const why = error === undefined ? one.message : `${error.code}: ${error.message}`;
  return foldLines(`${one.phase}  ${placeOf(one)}: ${why}; ${sayInstead(one)}`);
}

/** What is synced says of itself that it is well, which is of no use here. */
function sayLate(one: Sync): string {
  const why = one.phase === 'Synced' ? '' : `${one.message}; `;
  const phase = one.phase === 'Synced' ? 'Waiting' : one.phase;
  return foldLines(`${phase}  ${placeOf(one)}: ${why}${sayInstead(one)}`);
}

function placeOf({ cluster, sync }: Sync): string {
  return `${cluster} ${sync}`;
}

function sayInstead({ liveDigest }: Sync): string {
  return liveDigest === undefined ? 'nothing is live' : `live is ${liveDigest}`;
}
