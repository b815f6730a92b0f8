import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import * as z from 'zod';
import { openRepository, pushImage, signBundle } from '../images/push-image.ts';
import { readPrivateKey } from '../keys/key-pair.ts';
import { SEEDED_SYNCS } from './syncs.ts';

const FILE = 'manifest.yaml';

/** Pushes a signed image for every tag that the clusters follow: signed first, then tagged. */
export async function pushFirstImages(registry: string, privateKey: string): Promise<void> {
  const key = await readPrivateKey(privateKey);
  for (const { kind, namespace, image: reference } of SEEDED_SYNCS) {
    const [path = '', tag = ''] = reference.split(':');
    const repository = openRepository(registry, path);
    const name = path.replace(/^.*\//, '');
    // A RepoSync applies nothing outside its namespace.
    const object =
      kind === 'RootSync'
        ? { kind: 'Namespace', metadata: { name } }
        : { kind: 'ConfigMap', metadata: { name, namespace } };
    // In lines: what begins with a brace is JSON to Config Sync.
    const content = stringify({ apiVersion: 'v1', ...object });
    const image = await pushImage(repository, { file: FILE, content });
    await signBundle({ repository, image, key });
    await pushImage(repository, { file: FILE, content, tag });
  }
}

/** Of GET /v1/overview (docs/api.md). */
const overviewSchema = z.object({ state: z.string(), clusters: z.int(), headline: z.string() });

/** Undefined where the API is busy, or stopped by a person: it is asked again. */
async function readOverview(
  api: string,
  signal: AbortSignal,
): Promise<z.infer<typeof overviewSchema> | undefined> {
  try {
    const response = await fetch(`${api}/v1/overview`, { signal });
    return overviewSchema.safeParse(await response.json()).data;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

const LOOK_MS = 500;
/** Each sweep is an event on the status topic, which people read. */
const LOOKS_PER_SWEEP = 4;

/**
 * Resolves when every cluster runs what was pushed first, as Countersign itself says it; each change goes to `onStep`.
 * Rejects with the signal.
 */
export async function untilWell(fleet: {
  readonly api: string;
  readonly clusters: number;
  /** Asks for a sweep: the usual time until the next is too long to wait for. */
  readonly sweepSoon: () => void;
  readonly onStep: (step: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { api, clusters, sweepSoon, onStep, signal } = fleet;
  let said = '';
  for (let look = 1; ; look += 1) {
    const found = await readOverview(api, signal);
    if (found !== undefined) {
      const { state, headline, clusters: known } = found;
      if (state !== 'empty' && headline !== said) onStep(headline);
      said = headline;
      if (state === 'well' && known === clusters) return;
    }
    if (look % LOOKS_PER_SWEEP === 0) sweepSoon();
    await sleep(LOOK_MS, undefined, { signal });
  }
}
