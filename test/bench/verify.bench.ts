import type { BenchContext } from './frame/bench.ts';
import type { Figure } from './frame/figure.ts';
import { benchCosign } from './verify/cosign.ts';
import { benchKeyless } from './verify/keyless.ts';
import { benchKeys } from './verify/keys.ts';

/** What a signature costs, from bytes at hand to a whole verification over HTTP. */
export async function bench(context: BenchContext): Promise<readonly Figure[]> {
  const keys = await benchKeys(context);
  if (context.quick) return keys;
  context.say('identities');
  const keyless = await benchKeyless();
  context.say('cosign');
  return [...keys, ...keyless, ...(await benchCosign())];
}
