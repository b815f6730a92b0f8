import { resolveImage } from '#shared/registry/resolve.ts';
import { readCommandBase } from '#functions/wiring/base.ts';
import { openImages } from '#functions/wiring/images.ts';
import { openRegistries } from '#functions/wiring/registries.ts';
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

const code = await verifyImage(process.argv.slice(2), {
  open,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  timeoutMs: TIMEOUT_MS,
});
// What is still under way after a timeout must not keep people waiting.
process.exit(code);
