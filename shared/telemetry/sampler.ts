import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { TraceSettings } from './read-env.ts';

const PARENT_BASED = 'parentbased_';

/** The sampler that `OTEL_TRACES_SAMPLER` names. */
export function createSampler({ sampler, ratio }: TraceSettings): Sampler {
  if (!sampler.startsWith(PARENT_BASED)) return createRoot(sampler, ratio);
  return new ParentBasedSampler({ root: createRoot(sampler.slice(PARENT_BASED.length), ratio) });
}

function createRoot(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}
