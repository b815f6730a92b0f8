import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { CountersignError } from '#shared/core/errors.ts';
import type { AdmissionEnv } from '#shared/http/admission-env.ts';
import { createApp, traceRequest } from '#shared/http/app.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { watchChange } from '#shared/http/watch.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import { type Images, openImages, openRegistries } from '../wiring/images.ts';
import { type Start, useEnvironmentProxy } from '../wiring/start.ts';
import { createAdmission, createReviewing, type Reviewing } from './create-admission.ts';
import {
  type AdmissionSettings,
  createPublicRegistries,
  dropInOf,
  readKeyFile,
} from './drop-in.ts';
import { openReviewers } from './reviewers.ts';

/** An API server waits for the answer, and asks again soon: less patience than a task has. */
const LIMITS: Partial<RegistryLimits> = {
  requestMs: 10_000,
  attemptMs: 4_000,
  retries: 1,
  retryAfterMs: 500,
};

/** What is known of admission before its config has been read. */
type AdmissionStart = Start & { readonly admission: AdmissionEnv };

/** What decides about reviews now, and what ends looking for changes of it. */
interface Opened {
  readonly reviewing: () => Reviewing;
  readonly stop: () => void;
}

/**
 * The function that API servers ask (docs/admission.md): by the config file, or where there is none by the one public key
 * that is mounted in its place, whose changes it follows. Throws `bad-config`.
 *
 * @example
 * const { app, close } = await openAdmission(start);
 */
export async function openAdmission(start: AdmissionStart): Promise<OpenedFunction> {
  const { env, admission, log, telemetry, now } = start;
  // A config file that is named and not there is a mistake, which must not make one key the policy of everything.
  const isDropIn = !admission.configured && !existsSync(env.configPath);
  const { reviewing, stop } = isDropIn ? await openDropIn(start) : await openConfigured(start);
  const app = createApp({ log, ...telemetry, ready: async () => undefined });
  app.use('/validate/*', traceRequest(telemetry.tracing));
  app.route('/', createAdmission({ reviewing, metering: { meter: telemetry.meter, now } }));
  return { app, close: async () => stop() };
}

async function openConfigured(start: AdmissionStart): Promise<Opened> {
  // Of no use to a mounted key, whose admission starts without it.
  const { readConfig } = await import('../wiring/base.ts');
  const config = await readConfig(start.env.configPath);
  const access = config.access.admission;
  if (access === undefined) {
    const problem = 'access.admission is missing: without it no caller is known';
    throw new CountersignError('bad-config', problem);
  }
  const base = { ...start, config };
  const images = openImages(base, openRegistries(base, { limits: LIMITS }).cached);
  const checkReviewer = await openReviewers(access, start);
  const reviewing = createReviewing({ ...base, ...images, checkReviewer });
  return { reviewing: () => reviewing, stop: () => undefined };
}

/** One key for every image of every public registry, as the sample webhook has it; anew where the key changes. */
async function openDropIn(start: AdmissionStart): Promise<Opened> {
  const { log } = start;
  const { cosignKey: key, insecureRegistries } = start.admission;
  useEnvironmentProxy();
  const checkReviewer = await openReviewers({ mode: 'none' }, start);
  function reviewingBy(text: string): Reviewing {
    const base = { ...start, config: dropInOf(key, text, insecureRegistries) };
    return createReviewing({ ...base, ...openPublicImages(base), checkReviewer });
  }
  const current = await readKeyFile(key).catch((cause: unknown) => {
    const message = `There is neither a config file nor a public key ${key}: set COUNTERSIGN_CONFIG, or mount the key`;
    throw new CountersignError('bad-config', message, { cause });
  });
  let reviewing = reviewingBy(current);
  log.info({ key }, 'No config file: every image must be signed with this key');
  const stop = watchChange({
    read: () => readKeyFile(key),
    current,
    use(text) {
      reviewing = reviewingBy(text);
      log.info({ key }, 'Key replaced');
    },
    onFailure: (error) => log.error({ error }, 'Key cannot be replaced'),
  });
  return { reviewing: () => reviewing, stop };
}

function openPublicImages(base: AdmissionStart & { readonly config: AdmissionSettings }): Images {
  const resolveHost = async (host: string): Promise<readonly string[]> =>
    (await lookup(host, { all: true })).map(({ address }) => address);
  const { plain: named } = openRegistries(base, { limits: LIMITS });
  const hosts = base.config.registries.map(({ host }) => host);
  const options = { ...base, fetch, limits: LIMITS, resolveHost };
  const registry = createPublicRegistries({ ...options, named, hosts });
  return openImages(base, createCachedRegistry(registry));
}
