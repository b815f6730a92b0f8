import { openImages } from '#functions/wiring/images.ts';
import { parseReference } from '#shared/core/reference.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { keyPolicy } from '#test/fakes/cosign.ts';
import { type Asked, answerParent } from '../process/own-process.ts';

/** Images that are looked at, so many clusters each; what is known is shared by all of them, or by none. */
export interface VerifyTask {
  /** Of the registry. */
  readonly host: string;
  readonly publicKey: string;
  /** `host/path:tag` or `host/path@digest`. */
  readonly references: readonly string[];
  readonly clusters: number;
  readonly shared: boolean;
}

export interface VerifyResult {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** At once, as one instance of `cluster` works on its tasks. */
const AT_ONCE = 16;

async function verify(task: VerifyTask): Promise<VerifyResult> {
  const { references, clusters, shared } = task;
  const looks = references.flatMap((reference) =>
    Array.from({ length: clusters }, () => reference),
  );
  const all = open(task);
  const queue = looks.values();
  const before = process.cpuUsage();
  const began = performance.now();
  async function work(): Promise<void> {
    for (const reference of queue) await (shared ? all : open(task))(reference);
  }
  await Promise.all(Array.from({ length: clusters === 1 ? 1 : AT_ONCE }, work));
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - began, cpuMs: (user + system) / 1000 };
}

/** The work on one reference, with nothing known yet: what its tag names, and whether that verifies. */
function open({ host, publicKey }: VerifyTask): (reference: string) => Promise<void> {
  const policy = keyPolicy([{ pem: publicKey }]);
  const registries = [{ host, plainHttp: true, auth: 'none' } as const];
  const now = (): Date => new Date();
  const googleToken = (): Promise<string> => Promise.reject(new Error('No Google here'));
  const registry = createRegistry({ fetch, registries, now, googleToken });
  const rule = {
    match: `${host}/**`,
    trust: 'release',
    effect: 'gate',
    downgrade: 'warn',
  } as const;
  const config = { images: [rule], trust: { release: policy } };
  const base = { config, now, telemetry: noTelemetry, tracks: undefined };
  const { resolver, verifier } = openImages(base, createCachedRegistry(registry));
  return async (text) => {
    const reference = parseReference(text);
    const { image } = await resolver.resolve(reference, new Date(0));
    if (image.status !== 'resolved') throw new Error(image.message);
    const subject = { repository: reference.repository, digest: image.digest };
    const verdict = await verifier.verify(subject, policy);
    if (verdict.status !== 'verified') throw new Error(`${text} is ${verdict.status}`);
  };
}

process.on('message', (asked: Asked<VerifyTask>) => answerParent(asked, verify(asked.task)));
