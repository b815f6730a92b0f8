import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openFleets } from '#functions/wiring/fleet.ts';
import { startGateway } from '#test/fakes/gateway/start-gateway.ts';
import { startKube } from '#infra/local/kube/start-kube.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { Share } from '#shared/fleet/pace.ts';
import { createDirectSend } from '#shared/fleet/send-directly.ts';
import type { Send } from '#shared/fleet/send-request.ts';
import { readEnv } from '#shared/http/env.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';

const CONFIG = join(import.meta.dirname, '../../fixtures/config/full.yaml');

async function openHub(): Promise<{
  readonly fleets: (share: Share) => Fleet;
  readonly direct: Send;
}> {
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
  const base = {
    env: readEnv({ GKE_HUB_EMULATOR_HOST: new URL(gateway.url).host }),
    config: await loadConfig(CONFIG),
    log: recordLog().log,
    telemetry: noTelemetry,
    now: () => new Date(),
  };
  const direct = vi.fn<Send>(createDirectSend());
  return { fleets: openFleets(base, direct), direct };
}

async function listFirst(fleet: Fleet): Promise<void> {
  const [member, ...others] = (await fleet.list()).members;
  expect(member?.id).toBe('a');
  expect(others).toEqual([]);
  if (member === undefined) return;
  const api = await fleet.connect(member);
  expect(await api.list('RootSync', { limit: 1 })).toEqual({ items: [] });
}

describe('a config with fleet.gkeHub', () => {
  it('is a fleet for each budget, found in Hub and reached through its gateway', async () => {
    const { fleets, direct } = await openHub();
    for (const share of ['push', 'sweep'] as const) await listFirst(fleets(share));
    expect(direct).toHaveBeenCalledTimes(2);
  });

  it('is called by the client that knows proxies where one is named', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { fleets, direct } = await openHub();
    await listFirst(fleets('push'));
    expect(direct).not.toHaveBeenCalled();
  });
});
