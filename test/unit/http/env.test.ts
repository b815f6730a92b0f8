import { describe, expect, it } from 'vitest';
import { readEnv } from '#shared/http/env.ts';

describe('readEnv()', () => {
  it('has defaults for everything, and listens on loopback outside Cloud Run', () => {
    expect(readEnv({})).toEqual({
      port: 8080,
      host: '127.0.0.1',
      configPath: 'countersign.yaml',
      logLevel: 'info',
      maxInstances: 1,
    });
  });

  it('reads every variable, and listens on every address on Cloud Run', () => {
    const env = {
      PORT: '9000',
      COUNTERSIGN_CONFIG: '/etc/c.yaml',
      LOG_LEVEL: 'debug',
      K_SERVICE: 'push',
      K_REVISION: 'push-1',
      GOOGLE_CLOUD_PROJECT: 'p',
      PUBSUB_EMULATOR_HOST: '127.0.0.1:8085',
      GKE_HUB_EMULATOR_HOST: '127.0.0.1:8086',
      FIRESTORE_EMULATOR_HOST: '[::1]:8087',
      COUNTERSIGN_MAX_INSTANCES: '20',
      COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE: '6000',
      UNRELATED: 'x',
    };
    expect(readEnv(env)).toEqual({
      port: 9000,
      host: '0.0.0.0',
      configPath: '/etc/c.yaml',
      logLevel: 'debug',
      service: 'push',
      revision: 'push-1',
      projectId: 'p',
      pubsubEmulatorHost: '127.0.0.1:8085',
      gkeHubEmulatorHost: '127.0.0.1:8086',
      firestoreEmulatorHost: '[::1]:8087',
      maxInstances: 20,
      gatewayCallsPerMinute: 6000,
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(readEnv({ PORT: '', HOST: '', LOG_LEVEL: '' })).toEqual(readEnv({}));
  });

  it.each([
    ['PORT', '0', { port: 0 }],
    ['PORT', '65535', { port: 65_535 }],
    ['HOST', '::1', { host: '::1' }],
  ])('accepts %s=%s', (name, value, expected) => {
    expect(readEnv({ [name]: value })).toMatchObject(expected);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '80a'],
    ['PORT', '-1'],
    ['HOST', 'http://127.0.0.1'],
    ['LOG_LEVEL', 'loud'],
    ['PUBSUB_EMULATOR_HOST', 'http://127.0.0.1:8085'],
    ['PUBSUB_EMULATOR_HOST', '127.0.0.1'],
    ['GKE_HUB_EMULATOR_HOST', 'hub.example:8086'],
    ['FIRESTORE_EMULATOR_HOST', 'firestore.example:8087'],
    ['FIRESTORE_EMULATOR_HOST', 'localhost.example:8087'],
    ['COUNTERSIGN_MAX_INSTANCES', '0'],
    ['COUNTERSIGN_MAX_INSTANCES', '-3'],
    ['COUNTERSIGN_MAX_INSTANCES', 'many'],
    ['COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE', '0'],
    ['COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE', '2.5'],
  ])('refuses %s=%s by the name of the variable', (name, value) => {
    expect(() => readEnv({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringContaining(name) }),
    );
  });
});
