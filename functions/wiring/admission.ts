import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import type { AdmissionConfig, Config } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { AdmissionEnv } from '#shared/http/admission-env.ts';
import { watchChange } from '#shared/http/watch.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import { readConfig, type Start } from './base.ts';
import { type AdmissionSettings, dropInOf, readKeyFile } from './drop-in.ts';
import { type Images, openImages } from './images.ts';
import { createPublicRegistries } from './public-registries.ts';
import { openRegistries } from './registries.ts';
import { type CheckReviewer, openReviewers } from './reviewers.ts';

/** Somebody waits for the answer, and asks again soon: less patience than a task has. */
const LIMITS: Partial<RegistryLimits> = {
  requestMs: 10_000,
  attemptMs: 4_000,
  retries: 1,
  retryAfterMs: 500,
};

/** What admission is made of. */
export interface AdmissionParts extends Images {
  readonly settings: AdmissionConfig;
  readonly unmatched: Config['unmatched'];
  readonly checkReviewer: CheckReviewer;
}

/** What is known of admission before its config has been read. */
export type AdmissionStart = Start & { readonly admission: AdmissionEnv };

/**
 * Hands over what the config file says, or where there is none the public key that is mounted in its place, and again
 * whenever that key changes. Returns what stops looking. Throws `bad-config`.
 */
export async function openParts(
  start: AdmissionStart,
  use: (parts: AdmissionParts) => void,
): Promise<() => void> {
  const { env, admission } = start;
  // One that is named and not there is a mistake, which must not make one key the policy of everything.
  if (!admission.configured && !existsSync(env.configPath)) return openDropIn(start, use);
  const config = await readConfig(env.configPath);
  const access = config.access.admission;
  if (access === undefined) {
    throw new CountersignError(
      'bad-config',
      'access.admission is missing: nobody may call admission',
    );
  }
  const base = { ...start, config };
  const images = openImages(base, openRegistries(base, LIMITS).cached);
  use({ ...images, ...partsOf(config), checkReviewer: await openReviewers(access, start) });
  return () => undefined;
}

/** One key for every image of every public registry, as the seeds' server has it. */
async function openDropIn(
  start: AdmissionStart,
  use: (parts: AdmissionParts) => void,
): Promise<() => void> {
  const { cosignKey, insecureRegistries } = start.admission;
  const checkReviewer = await openReviewers({ mode: 'none', loopbackOnly: true }, start);
  function open(text: string): void {
    const settings = dropInOf(cosignKey, text, insecureRegistries);
    use({ ...openPublicImages(start, settings), ...partsOf(settings), checkReviewer });
  }
  const current = await readKeyFile(cosignKey).catch((cause: unknown) => {
    const message = `There is neither a config file nor a public key ${cosignKey}: set COUNTERSIGN_CONFIG, or mount the key`;
    throw new CountersignError('bad-config', message, { cause });
  });
  open(current);
  start.log.info({ key: cosignKey }, 'No config file: every image must be signed with this key');
  return watchChange({
    read: () => readKeyFile(cosignKey),
    current,
    isSame: (one, other) => one === other,
    use(text) {
      open(text);
      start.log.info({ key: cosignKey }, 'Key replaced');
    },
    onFailure: (error) => start.log.error({ error }, 'Key cannot be replaced'),
  });
}

function openPublicImages(start: AdmissionStart, settings: AdmissionSettings): Images {
  const base = { ...start, config: settings };
  const resolveHost = async (host: string): Promise<readonly string[]> =>
    (await lookup(host, { all: true })).map(({ address }) => address);
  const { plain: named } = openRegistries(base, LIMITS);
  const hosts = settings.registries.map(({ host }) => host);
  const options = { ...start, fetch, limits: LIMITS, resolveHost };
  const registry = createPublicRegistries({ ...options, named, hosts });
  return openImages(base, createCachedRegistry(registry));
}

function partsOf({
  admission,
  unmatched,
}: AdmissionSettings): Pick<AdmissionParts, 'settings' | 'unmatched'> {
  return { settings: admission, unmatched };
}
