import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFleets } from '#functions/wiring/fleet.ts';
import { startGateway } from '#test/fakes/gateway/start-gateway.ts';
import { startKube } from '#infra/local/kube/start-kube.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { readEnv } from '#shared/http/env.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';

const CONFIG = join(import.meta.dirname, '../../fixtures/config/full.yaml');

describe('a config with fleet.gkeHub', () => {
  it('is a fleet for each budget, found in Hub and reached through its gateway', async () => {
    const kube = await startKube({ name: 'a' });
    const place = { location: 'us-west1', server: kube.url };
    const memberships = [
      { id: 'a', ...place, labels: { env: 'prod' } },
      { id: 'b', ...place },
    ];
    const hosts = [{ id: 'fleet-host', number: '42', memberships }];
    const identities = new Map([['countersign-local', 'countersign@acme.example']]);
    const gateway = await startGateway({ hosts, identities });
    onTestFinished(async () => {
      await gateway.close();
      await kube.close();
    });
    const fleets = openFleets({
      env: readEnv({ GKE_HUB_EMULATOR_HOST: new URL(gateway.url).host }),
      config: await loadConfig(CONFIG),
      log: recordLog().log,
      telemetry: noTelemetry,
      now: () => new Date(),
    });
    for (const fleet of [fleets('push'), fleets('sweep')]) {
      const [member, ...others] = (await fleet.list()).members;
      expect(member?.id).toBe('a');
      expect(others).toEqual([]);
      if (member === undefined) continue;
      const api = await fleet.connect(member);
      expect(await api.list('RootSync', { limit: 1 })).toEqual({ items: [] });
    }
  });
});
