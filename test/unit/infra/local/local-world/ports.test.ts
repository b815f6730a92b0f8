import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { choosePorts, HIGHEST_OFFSET, requireFreePorts } from '#infra/local/local-world/ports.ts';
import { LocalWorldError } from '#infra/local/local-world/local-world-error.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function takePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('choosePorts()', () => {
  it('has the ports of the contract', () => {
    expect(choosePorts(0)).toEqual({
      registry: 5000,
      api: 8080,
      push: 8081,
      cluster: 8082,
      sweep: 8083,
      history: 8084,
      pubsub: 8085,
      admission: 8443,
      traces: 4318,
    });
  });

  it('moves all of them by an offset', () => {
    expect(choosePorts(100)).toMatchObject({ registry: 5100, pubsub: 8185, admission: 8543 });
    expect(Math.max(...Object.values(choosePorts(HIGHEST_OFFSET)))).toBe(65_535);
  });

  it('leaves the choice to the system', () => {
    expect(new Set(Object.values(choosePorts('free')))).toEqual(new Set([0]));
  });
});

describe('requireFreePorts()', () => {
  it('accepts free ports, and leaves them free', async () => {
    const port = await takePort();
    servers.splice(0).forEach((server) => server.close());
    await requireFreePorts({ registry: port });
    await expect(requireFreePorts({ registry: port })).resolves.toBeUndefined();
  });

  it('names a taken port, its use, and the way around it', async () => {
    const port = await takePort();
    const refused = requireFreePorts({ registry: port });
    await expect(refused).rejects.toThrow(LocalWorldError);
    await expect(refused).rejects.toThrow(
      `Port ${port} (registry) is taken on 127.0.0.1: stop what listens there, or choose other ports with \`npm run local -- --port-offset 100\``,
    );
  });

  it('names every taken port at once', async () => {
    const [registry, push] = [await takePort(), await takePort()];
    await expect(requireFreePorts({ registry, push })).rejects.toThrow(
      `Ports ${registry} (registry), ${push} (push) are taken`,
    );
  });
});
