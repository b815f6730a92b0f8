import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStaging } from '#functions/wiring/staging.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { readEnv } from '#shared/http/env.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/config');

async function open(file: string): Promise<ReturnType<typeof openStaging>> {
  const config = await loadConfig(join(FIXTURES, file));
  const { log } = recordLog();
  return openStaging({
    env: readEnv({}),
    config,
    log,
    telemetry: noTelemetry,
    now: () => new Date(),
  });
}

describe('openStaging()', () => {
  it('is there where the config names records, and knows the strategy of each rule', async () => {
    const { images } = await loadConfig(join(FIXTURES, 'full-rollouts.yaml'));
    const staging = await open('full-rollouts.yaml');
    const staged = images.map((rule) => staging?.strategies.of(rule) !== undefined);
    expect(staged).toEqual(images.map(({ rollout }) => rollout !== undefined));
    expect(staged).toContain(true);
    await staging?.records.close();
  });

  it('is not there where it does not', async () => {
    expect(await open('full.yaml')).toBeUndefined();
  });
});
