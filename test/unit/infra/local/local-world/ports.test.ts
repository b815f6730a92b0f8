import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  choosePorts,
  HIGHEST_OFFSET,
  readPorts,
  requireFreePorts,
} from '#infra/local/local-world/ports.ts';
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

  it('takes some as they are named, and moves the others', () => {
    const ports = choosePorts({ offset: 100, named: { api: 9_090, push: 0 } });
    expect(ports).toMatchObject({ api: 9_090, push: 0, registry: 5_100, sweep: 8_183 });
  });
});

describe('readPorts()', () => {
  it.each([
    [undefined, 100, 100],
    ['free', 0, 'free'],
    ['api=9090', 0, { offset: 0, named: { api: 9_090 } }],
    ['api=0,pubsub=65535', 7, { offset: 7, named: { api: 0, pubsub: 65_535 } }],
  ] as const)('reads %s', (text, offset, choice) => {
    expect(readPorts(text, offset)).toEqual(choice);
  });

  it.each(['', 'api', 'api=', 'api=65536', 'api=-1', 'page=80', 'api=1, push=2', 'constructor=1'])(
    'refuses "%s", and says what can be written',
    (text) => {
      expect(() => readPorts(text, 0)).toThrow(
        expect.objectContaining({
          code: 'bad-request',
          message: expect.stringMatching(/^--ports .* write free, or NAME=PORT .*registry, push/),
        }),
      );
    },
  );

  it.each([
    ['api=8081', 0, 'push and api have port 8081'],
    ['api=9090,push=9090', 0, 'push and api have port 9090'],
    ['registry=8180', 100, 'registry and api have port 8180'],
    ['api=80,api=81', 0, '--ports names api twice: keep one of api=80 and api=81'],
  ])('refuses %s, which says two things at once', (text, offset, said) => {
    expect(() => readPorts(text, offset)).toThrow(said);
  });

  it('refuses an offset beyond the last port', () => {
    expect(readPorts(undefined, HIGHEST_OFFSET)).toBe(HIGHEST_OFFSET);
    expect(() => readPorts('free', HIGHEST_OFFSET + 1)).toThrow(`write ${HIGHEST_OFFSET} at most`);
    expect(() => readPorts('free', 1)).toThrow('leave one of the two out');
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
      `Port ${port} (registry) is taken on 127.0.0.1: stop what listens there, or choose other ports with \`npm run local -- --port-offset 100\` or \`--ports free\``,
    );
  });

  it('names every taken port at once', async () => {
    const [registry, push] = [await takePort(), await takePort()];
    await expect(requireFreePorts({ registry, push })).rejects.toThrow(
      `Ports ${registry} (registry), ${push} (push) are taken`,
    );
  });

  it('says which ports only the administrator gets', async () => {
    const kept = async (port: number) => (port < 1024 ? ('EACCES' as const) : undefined);
    const refused = requireFreePorts({ api: 80, push: 8081 }, kept);
    await expect(refused).rejects.toThrow(LocalWorldError);
    await expect(refused).rejects.toThrow(
      /^Port 80 \(api\) is kept for the administrator: choose a higher one, such as `--ports api=8080`$/,
    );
  });
});
