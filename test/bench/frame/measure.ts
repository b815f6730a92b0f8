const WARM_UP_MS = 100;
const MEASURE_MS = 600;
const SAMPLES = 15;

/**
 * Milliseconds that one run of each takes. All are sampled in turn, so that a busy machine slows them alike, each
 * sample as many runs as fit into its part of the time, after a warm-up. Runs follow each other.
 */
export async function measure(
  ...runs: readonly (() => unknown)[]
): Promise<readonly (readonly number[])[]> {
  const counted: { run: () => unknown; times: number; samples: number[] }[] = [];
  for (const run of runs) {
    const times = Math.max(1, Math.floor(MEASURE_MS / SAMPLES / (await estimate(run))));
    counted.push({ run, times, samples: [] });
  }
  for (let sample = 0; sample < SAMPLES; sample++) {
    for (const { run, times, samples } of counted) {
      const began = performance.now();
      for (let at = 0; at < times; at++) await run();
      samples.push((performance.now() - began) / times);
    }
  }
  return counted.map(({ samples }) => samples);
}

async function estimate(run: () => unknown): Promise<number> {
  const began = performance.now();
  let runs = 0;
  while (performance.now() - began < WARM_UP_MS) {
    await run();
    runs += 1;
  }
  return (performance.now() - began) / runs;
}
