import { resolveImage } from '#shared/registry/resolve.ts';
import { readCommandBase } from '#functions/wiring/base.ts';
import { openImages } from '#functions/wiring/images.ts';
import { openRegistries } from '#functions/wiring/registries.ts';
import { runProcess } from './run-command.ts';
import { type ImageJudge, verifyImage } from './verify-image.ts';

/** Longer than any verdict takes that a function would wait for. */
const TIMEOUT_MS = 60_000;

async function open(configPath: string | undefined): Promise<ImageJudge> {
  const base = await readCommandBase('verify', configPath);
  const { cached } = openRegistries(base);
  const { rules, policies, verifier } = openImages(base, cached);
  return {
    policyOf: (repository) => policies.get(rules.match(repository)?.trust ?? ''),
    resolve: (reference) => resolveImage(cached, reference, { fresh: true, now: base.now }),
    verifier,
  };
}

await runProcess((args, io) => verifyImage(args, { ...io, open }), TIMEOUT_MS);
