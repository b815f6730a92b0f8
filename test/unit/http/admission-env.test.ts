import { describe, expect, it } from 'vitest';
import { readAdmissionEnv } from '#shared/http/admission-env.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
const RUN = { K_SERVICE: 'admission', PORT: '8080' };
const SEEDS = { cert: '/tls/tls.crt', key: '/tls/tls.key' };

describe('readAdmissionEnv()', () => {
  it.each<[string, Record<string, string>, object]>([
    ['in a pod', POD, { tls: SEEDS, port: 10_250, host: '0.0.0.0' }],
    [
      'in a pod with HOST and PORT',
      { ...POD, HOST: '::', PORT: '8443' },
      { tls: SEEDS, port: 8_443, host: '::' },
    ],
    [
      'on this machine with a certificate',
      { COUNTERSIGN_TLS_CERT: '/a' },
      { tls: { cert: '/a', key: '/tls/tls.key' }, port: 10_250, host: '127.0.0.1' },
    ],
    ['where it is asked for', { COUNTERSIGN_TLS: 'on' }, { tls: SEEDS }],
  ])('serves HTTPS %s', (_, env, expected) => {
    expect(readAdmissionEnv(env)).toMatchObject(expected);
  });

  it.each<[string, Record<string, string>, object]>([
    ['on Cloud Run', RUN, { port: 8_080, host: '0.0.0.0' }],
    ['on Cloud Run for Anthos', { ...RUN, ...POD }, { port: 8_080, host: '0.0.0.0' }],
    ['on this machine', {}, { port: 8_080, host: '127.0.0.1' }],
    ['where it is asked for', { ...POD, COUNTERSIGN_TLS: 'off' }, { port: 8_080 }],
    ['where a variable is empty', { COUNTERSIGN_TLS_CERT: '' }, { port: 8_080 }],
  ])('serves plain HTTP %s', (_, env, expected) => {
    const read = readAdmissionEnv(env);
    expect(read).toMatchObject(expected);
    expect(read).not.toHaveProperty('tls');
  });

  it('has the mounts of the seeds as defaults', () => {
    expect(readAdmissionEnv(POD)).toMatchObject({
      cosignKey: '/cosign-key/cosign.pub',
      insecureRegistries: [],
    });
  });

  it('reads what is set', () => {
    const env = {
      COUNTERSIGN_CONFIG: '/etc/countersign.yaml',
      COUNTERSIGN_COSIGN_KEY: '/k.pub',
      COUNTERSIGN_INSECURE_REGISTRIES: 'Registry.local:5000,10.0.0.7:5000',
    };
    expect(readAdmissionEnv(env)).toMatchObject({
      configured: true,
      cosignKey: '/k.pub',
      insecureRegistries: ['registry.local:5000', '10.0.0.7:5000'],
    });
  });

  it.each([
    [{ COUNTERSIGN_TLS: 'yes' }, 'COUNTERSIGN_TLS'],
    [{ COUNTERSIGN_INSECURE_REGISTRIES: 'http://a' }, 'COUNTERSIGN_INSECURE_REGISTRIES'],
    [{ COUNTERSIGN_INSECURE_REGISTRIES: 'a,,b' }, 'COUNTERSIGN_INSECURE_REGISTRIES'],
    [{ COUNTERSIGN_INSECURE_REGISTRIES: '*' }, 'COUNTERSIGN_INSECURE_REGISTRIES'],
  ])('refuses %o', (env, name) => {
    expect(() => readAdmissionEnv(env)).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringContaining(name) }),
    );
  });
});
