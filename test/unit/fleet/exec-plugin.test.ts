import { describe, expect, it } from 'vitest';
import { type Plugin, createPlugins } from '#shared/fleet/kubeconfig/exec-plugin.ts';
import type { KubeExec } from '#shared/fleet/kubeconfig/schema.ts';
import type { Program, ProgramEnd } from '#shared/net/run-program.ts';

const V1 = 'client.authentication.k8s.io/v1';

function pluginOf(exec: Partial<KubeExec> = {}, cluster?: Plugin['cluster']): Plugin {
  const whole = {
    apiVersion: V1,
    command: 'aws',
    args: ['get-token'],
    env: [{ name: 'AWS_PROFILE', value: 'prod' }],
    installHint: '',
    provideClusterInfo: false,
    interactiveMode: 'Never',
    ...exec,
  };
  return { command: whole.command, exec: whole, ...(cluster && { cluster }) };
}

function printed(status: unknown, fields: Record<string, unknown> = {}): ProgramEnd {
  const out = JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, status, ...fields });
  return { outcome: 'ended', code: 0, out, err: '' };
}

/** Plugins whose n-th run ends as the n-th of `ends`, the last one for ever. */
function open(...ends: readonly ProgramEnd[]) {
  const clock = { now: Date.parse('2026-11-29T12:00:00Z') };
  const ran: Program[] = [];
  const plugins = createPlugins({
    run: async (program) => {
      ran.push(program);
      return ends[Math.min(ran.length, ends.length) - 1] ?? { outcome: 'absent' };
    },
    now: () => clock.now,
    variables: { PATH: '/bin', AWS_PROFILE: 'other' },
  });
  return { plugins, ran, clock };
}

describe('a credential plugin', () => {
  it('is run as kubectl runs it', async () => {
    const { plugins, ran } = open(printed({ token: 't' }));
    expect(await plugins.get(pluginOf())).toEqual({ token: 't' });
    const env = ran[0]?.env;
    expect(ran).toEqual([{ command: 'aws', args: ['get-token'], timeoutMs: 15_000, env }]);
    expect(env).toMatchObject({ PATH: '/bin', AWS_PROFILE: 'prod' });
    expect(JSON.parse(env?.['KUBERNETES_EXEC_INFO'] ?? '')).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: { interactive: false },
    });
  });

  it('is given its cluster where it asks for it', async () => {
    const { plugins, ran } = open(printed({ token: 't' }));
    const cluster = { server: 'https://api.test' };
    await plugins.get(pluginOf({ provideClusterInfo: true }, cluster));
    const info: unknown = JSON.parse(ran[0]?.env?.['KUBERNETES_EXEC_INFO'] ?? '');
    expect(info).toMatchObject({ spec: { cluster, interactive: false } });
  });

  it('may give a certificate', async () => {
    const { plugins } = open(printed({ clientCertificateData: 'c', clientKeyData: 'k' }));
    expect(await plugins.get(pluginOf())).toEqual({ cert: 'c', key: 'k' });
  });

  it('is run once for all that wait, and again for another user', async () => {
    const { plugins, ran } = open(printed({ token: 't' }));
    await Promise.all([plugins.get(pluginOf()), plugins.get(pluginOf())]);
    await plugins.get(pluginOf());
    expect(ran).toHaveLength(1);
    await plugins.get(pluginOf({ args: ['--cluster', 'b'] }));
    expect(ran).toHaveLength(2);
  });

  it('is believed until what it gave expires', async () => {
    const expirationTimestamp = '2026-11-29T12:15:00Z';
    const { plugins, ran, clock } = open(
      printed({ token: 'one', expirationTimestamp }),
      printed({ token: 'two' }),
    );
    expect(await plugins.get(pluginOf())).toEqual({ token: 'one' });
    clock.now = Date.parse(expirationTimestamp) - 1;
    expect(await plugins.get(pluginOf())).toEqual({ token: 'one' });
    clock.now = Date.parse(expirationTimestamp);
    expect(await plugins.get(pluginOf())).toEqual({ token: 'two' });
    clock.now += 86_400_000;
    expect(await plugins.get(pluginOf())).toEqual({ token: 'two' });
    expect(ran).toHaveLength(2);
  });

  it('is run again for what was refused, unless that is new', async () => {
    const { plugins, ran, clock } = open(printed({ token: 'one' }), printed({ token: 'two' }));
    const first = await plugins.get(pluginOf());
    expect(await plugins.renew(pluginOf(), first)).toBe(first);
    clock.now += 10_000;
    const second = await plugins.renew(pluginOf(), first);
    expect(second).toEqual({ token: 'two' });
    // Another call that was refused with the first one takes what there is.
    expect(await plugins.renew(pluginOf(), first)).toBe(second);
    expect(ran).toHaveLength(2);
  });

  it.each<[string, ProgramEnd, string]>([
    ['is not installed', { outcome: 'absent' }, 'is not installed; pip install \ufffd awscli'],
    ['hangs', { outcome: 'late' }, 'did not end within 15 s'],
    ['floods', { outcome: 'large' }, 'printed more'],
    [
      'may not be run',
      { outcome: 'failed', cause: Object.assign(new Error('x'), { code: 'EACCES' }) },
      '(EACCES)',
    ],
    [
      'fails',
      { outcome: 'ended', code: 3, out: 's3cret', err: 'no\n\u001b[1mprofile' },
      'failed with code 3: no \ufffd[1mprofile',
    ],
    [
      'prints no JSON',
      { outcome: 'ended', code: 0, out: 's3cret', err: '' },
      'printed no ExecCredential',
    ],
    [
      'prints another kind',
      printed({ token: 's3cret' }, { kind: 'Secret' }),
      'printed no ExecCredential',
    ],
    [
      'prints another version',
      printed({ token: 's3cret' }, { apiVersion: `${V1}beta1` }),
      'apiVersion',
    ],
    ['prints no status', printed(undefined), 'printed no ExecCredential'],
    ['prints no credential', printed({}), 'neither a token nor a certificate'],
    ['prints half a pair', printed({ clientKeyData: 's3cret' }), 'a certificate or a key'],
    [
      'prints a bad time',
      printed({ token: 's3cret', expirationTimestamp: 'soon' }),
      'printed no ExecCredential',
    ],
  ])('that %s is a cluster that cannot be reached', async (_, end, message) => {
    const { plugins } = open(end);
    const failure: unknown = await plugins
      .get(pluginOf({ installHint: 'pip install \u001b\nawscli' }))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'cluster-unreachable',
      message: expect.stringContaining(message),
    });
    expect(String(failure)).toContain('"aws"');
    expect(String(failure)).not.toContain('s3cret');
  });

  it('that fails is left alone for a while, and then run again', async () => {
    const { plugins, ran, clock } = open({ outcome: 'late' }, printed({ token: 't' }));
    for (let call = 0; call < 3; call += 1) {
      await expect(plugins.get(pluginOf())).rejects.toMatchObject({ code: 'cluster-unreachable' });
    }
    expect(ran).toHaveLength(1);
    clock.now += 10_000;
    expect(await plugins.get(pluginOf())).toEqual({ token: 't' });
  });

  it('runs beside a bounded number of others', async () => {
    let most = 0;
    let now = 0;
    const plugins = createPlugins({
      run: async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return printed({ token: 't' });
      },
      now: () => 0,
      variables: {},
    });
    const many = Array.from({ length: 40 }, (__, at) => pluginOf({ args: [String(at)] }));
    await Promise.all(many.map((plugin) => plugins.get(plugin)));
    expect(most).toBe(16);
  });
});
