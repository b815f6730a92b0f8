import { describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from '#shared/config/problem.ts';
import { parseConfig } from '#shared/config/load-config.ts';
import { readTextFile } from '#shared/config/read-file.ts';
import { edit, FIXTURES, FULL, fullText, localText, parse, problemsOf } from './fixture.ts';

const HASH = /^sha256:[0-9a-f]{64}$/;

describe('parseConfig() of the whole format', () => {
  it('reads fleet, registries and images', async () => {
    const config = await parse(fullText);
    expect(config.fleet).toEqual({
      type: 'gkeHub',
      source: 'projects/fleet-host',
      budget: 'gateway',
      managed: true,
      projects: ['fleet-host'],
      labelSelector: 'env in (staging, prod)',
      dnsEndpoints: false,
    });
    expect(config.registries).toEqual([
      { host: '127.0.0.1:5000', plainHttp: true, auth: 'none' },
      { host: 'us-docker.pkg.dev', plainHttp: false, auth: 'google' },
      {
        host: 'registry.acme.example',
        plainHttp: false,
        auth: 'dockerConfig',
        realms: ['auth.registry.acme.example'],
        referrers: 'tag',
      },
    ]);
    expect(config.images).toEqual([
      {
        match: 'us-docker.pkg.dev/acme/configs/**',
        trust: 'release',
        effect: 'gate',
        clusters: 'tier != sandbox',
        downgrade: 'warn',
      },
      {
        match: 'us-docker.pkg.dev/acme/pinned',
        trust: 'release',
        effect: 'pin',
        track: 'v1',
        downgrade: 'deny',
        content: {
          maxBytes: 134_217_728,
          maxUnpackedBytes: 1_073_741_824,
          maxEntries: 100_000,
          maxDepth: 32,
          maxPathBytes: 512,
          timeoutMs: 120_000,
          empty: 'allow',
        },
      },
      { match: '127.0.0.1:5000/configs/*', trust: 'open', effect: 'pin', downgrade: 'warn' },
    ]);
    expect(config).toMatchObject({ unmatched: 'deny', otherSources: 'deny' });
  });

  it('reads the trust policies, files included', async () => {
    const { trust } = await parse(fullText);
    const release = trust['release'];
    expect(release).toMatchObject({
      name: 'release',
      require: 1,
      format: 'any',
      signatureRepository: 'us-docker.pkg.dev/acme/signatures',
      allowUnsigned: false,
      attestations: [
        {
          predicateType: 'https://slsa.dev/provenance/v1',
          where: {
            'buildDefinition.buildType': 'https://acme.example/build/v1',
            'runDetails.attempt': 1,
            reproducible: true,
          },
        },
      ],
    });
    expect(release?.hash).toMatch(HASH);
    expect(release?.authorities).toEqual([
      {
        type: 'key',
        name: 'release-key',
        key: {
          kms: 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
        },
        transparencyLog: 'ignore',
        annotations: { env: 'prod' },
      },
      {
        type: 'key',
        name: 'file-key',
        key: { pem: await readTextFile(`${FIXTURES}/release.pub`, 1000) },
        transparencyLog: 'require',
        annotations: {},
        trustedRoot: { json: await readTextFile(`${FIXTURES}/trusted_root.json`, 1000) },
      },
      {
        type: 'key',
        name: 'pem-key',
        key: { pem: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\nMFkw/) },
        transparencyLog: 'ignore',
        annotations: {},
      },
      {
        type: 'keyless',
        name: 'ci',
        issuer: 'https://token.actions.githubusercontent.com',
        subject: {
          exact: 'https://github.com/acme/configs/.github/workflows/release.yaml@refs/heads/main',
        },
        annotations: {},
        trustedRoot: 'public-good',
        claims: {},
      },
      {
        type: 'keyless',
        name: 'ci-branches',
        issuer: 'https://token.actions.githubusercontent.com',
        subject: {
          pattern:
            '^https://github\\.com/acme/configs/\\.github/workflows/(?:a|b)\\.yaml@refs/heads/.+$',
        },
        annotations: { env: 'staging' },
        trustedRoot: { json: expect.stringContaining('trustedroot') },
        claims: {
          '1.3.6.1.4.1.57264.1.12': 'https://github.com/acme/configs',
          '1.3.6.1.4.1.57264.1.11': 'github-hosted',
        },
      },
    ]);
    expect(trust['open']).toEqual({
      name: 'open',
      hash: expect.stringMatching(HASH),
      require: 0,
      authorities: [],
      format: 'any',
      attestations: [],
      allowUnsigned: true,
    });
  });

  it('reads topics, store, sweep, gate and access', async () => {
    const config = await parse(fullText);
    expect(config.topics.sweepTasks).toBe('projects/p/topics/countersign-sweep-tasks');
    expect(config.store).toEqual({ type: 'firestore', project: 'p', database: 'countersign' });
    expect(config.sweep).toEqual({
      periodMs: 900_000,
      withdrawBrake: 0.05,
      pendingAfterMs: 3_600_000,
      blockedAfterMs: 120_000,
      deletingAfterMs: 600_000,
      liveAfterMs: 600_000,
    });
    expect(config.gate).toEqual({
      identity: 'countersign@p.iam.gserviceaccount.com',
      breakGlass: ['oncall@acme.example'],
      mayHold: 'anyone',
    });
    expect(config.access.push).toEqual({
      mode: 'iam',
      audience: 'https://push.countersign.example',
      emails: ['push@p.iam.gserviceaccount.com'],
    });
    expect(config.access.api).toEqual({
      mode: 'verify',
      audience: 'https://countersign.example',
      viewers: ['dev@acme.example'],
      invokers: ['ops@acme.example'],
      approvers: [],
      overriders: [],
    });
    expect(config.admission).toEqual({
      mode: 'warn',
      unchanged: 'verify',
      staleForMs: 1_200_000,
      deadlineMs: 5_000,
    });
    expect(config.access.admission?.mode).toBe('iap');
  });
});

describe('parseConfig() of what may be left out', () => {
  it('fills in the defaults of the design', async () => {
    const config = await parse(localText);
    expect(config.images).toEqual([
      { match: '127.0.0.1:5000/configs/**', trust: 'release', effect: 'pin', downgrade: 'warn' },
    ]);
    expect(config).toMatchObject({ unmatched: 'deny', otherSources: 'deny' });
    expect(config.sweep).toEqual({
      periodMs: 900_000,
      withdrawBrake: 0.05,
      pendingAfterMs: 3_600_000,
      blockedAfterMs: 120_000,
      deletingAfterMs: 600_000,
      liveAfterMs: 600_000,
    });
    expect(config.admission).toEqual({
      mode: 'deny',
      unchanged: 'admit',
      staleForMs: 600_000,
      deadlineMs: 8_000,
    });
    expect(config.registries).toEqual([{ host: '127.0.0.1:5000', plainHttp: true, auth: 'none' }]);
    expect(config).not.toHaveProperty('gate');
    expect(config.trust['release']).toMatchObject({
      require: 2,
      format: 'any',
      attestations: [],
      allowUnsigned: false,
    });
  });

  it('resolves paths against the file, not the working directory', async () => {
    const config = await parseConfig(
      edit(
        localText,
        'authorities:',
        'authorities: [{ name: a, key: { file: keys/a.pub } }] #',
      ).replace(/\n {6}- \{ name: .*/g, ''),
      {
        file: '/etc/countersign/countersign.yaml',
        readFile: async (path) => {
          expect(path).toBe('/etc/countersign/keys/a.pub');
          return readTextFile(`${FIXTURES}/release.pub`, 1000);
        },
      },
    );
    expect(config.fleet).toEqual({
      type: 'kubeconfig',
      source: 'kubeconfig',
      budget: 'none',
      managed: false,
      path: '/etc/countersign/kubeconfig',
      contexts: ['cluster-1', 'cluster-2'],
      labels: { 'cluster-1': { env: 'prod' } },
    });
    expect(config.store).toEqual({ type: 'sqlite', path: '/etc/countersign/store.sqlite' });
  });

  it('marks access that anyone has as fit for loopback only', async () => {
    const { access } = await parse(localText);
    expect(access).toEqual({
      push: { mode: 'none' },
      api: { mode: 'none' },
    });
  });

  it('needs no access at all', async () => {
    const config = await parse(localText.replace(/access:[^]*/, ''));
    expect(config.access).toEqual({});
  });

  it('reads anchors and aliases', async () => {
    const text = edit(fullText, 'viewers: [dev@acme.example]', 'viewers: &who [dev@acme.example]');
    const { access } = await parse(edit(text, 'invokers: [ops@acme.example]', 'invokers: *who'));
    expect(access.api).toMatchObject({ invokers: ['dev@acme.example'] });
  });

  it('reads JSON, which is YAML', async () => {
    const { trust, ...value } = {
      apiVersion: 'countersign.dev/v1',
      fleet: { kubeconfig: { path: 'kubeconfig' } },
      images: [{ match: 'ghcr.io/acme/**', trust: 'open' }],
      trust: { open: { allowUnsigned: true } },
      topics: {
        tasks: 'projects/p/topics/tasks',
        sweepTasks: 'projects/p/topics/sweep-tasks',
        resyncTasks: 'projects/p/topics/resync-tasks',
        status: 'projects/p/topics/status',
        deadLetters: 'projects/p/topics/dead-letters',
      },
      store: { sqlite: { path: 'store.sqlite' } },
    };
    const config = await parse(JSON.stringify({ trust, ...value }));
    expect(config.images[0]?.match).toBe('ghcr.io/acme/**');
  });

  it('reads a number beyond 2^53 as it is written, and hashes policies apart by it', async () => {
    const of = async (number: string) => {
      const text = edit(fullText, '"runDetails.attempt": 1', `"runDetails.attempt": ${number}`);
      const { release } = (await parse(text)).trust;
      return [release?.attestations[0]?.where['runDetails.attempt'], release?.hash] as const;
    };
    const [odd, oddHash] = await of('9007199254740993');
    const [even, evenHash] = await of('9007199254740992');
    expect([odd, even]).toEqual([9007199254740993n, 9007199254740992n]);
    expect(oddHash).not.toBe(evenHash);
  });

  it.each([
    [
      'condition',
      'reproducible: true }',
      'reproducible: true }\n        condition: predicate.n == 1',
    ],
    ['hash', 'file: release.pub', 'file: release.pub, hash: sha512'],
  ])('reads the %s of a policy, and hashes it', async (_, before, after) => {
    const plain = (await parse(fullText)).trust['release'];
    const more = (await parse(edit(fullText, before, after))).trust['release'];
    expect(more?.hash).not.toBe(plain?.hash);
  });

  it('writes the short form of a key version in full', async () => {
    const { trust } = await parse(edit(fullText, '/cryptoKeyVersions/1', '/versions/1'));
    expect(trust['release']?.authorities[0]).toMatchObject({
      key: { kms: expect.stringMatching(/\/cryptoKeyVersions\/1$/) },
    });
  });

  it.each([
    ['US-docker.pkg.dev/acme/pinned', 'us-docker.pkg.dev/acme/pinned'],
    ['us-docker.pkg.dev:443/acme/pinned', 'us-docker.pkg.dev/acme/pinned'],
    ['docker.io/nginx', 'index.docker.io/library/nginx'],
    ['docker.io/acme/*', 'index.docker.io/acme/*'],
  ])('normalises the host of %s', async (written, normal) => {
    const { images } = await parse(edit(fullText, 'us-docker.pkg.dev/acme/pinned', written));
    expect(images[1]?.match).toBe(normal);
  });
});

describe('ConfigError', () => {
  it('holds all problems at once, in the order of the file', async () => {
    const text = fullText
      .replace('v1\n', 'v2\n')
      .replace('trust: open', 'trust: opne')
      .replace('file: release.pub', 'file: absent.pub')
      .replace('require: 1', 'require: 9')
      .replace('15m', '15')
      .replace('unmatched: deny', 'unmatched: deny\nunmatched: ignore\nextra: 1');
    const problems = await problemsOf(text);
    expect(problems.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      'apiVersion bad-value',
      'images[2].trust bad-value',
      'unmatched duplicate',
      'extra unknown-key',
      'trust.release.require bad-value',
      'trust.release.authorities[1].key.file file',
      'sweep.period wrong-type',
    ]);
    const lines = problems.map(({ line }) => line);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  it('has the code bad-config, names the file and says how much there is', async () => {
    const failure = await parseConfig('{}', { file: FULL, readFile: readTextFile }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ code: 'bad-config', retry: false, file: FULL });
    expect(String(failure)).toContain(`${FULL}:1:1`);
    expect(String(failure)).toContain('(and 5 more)');
  });

  it('prints one line for each problem, with place, path and fix', async () => {
    const [problem] = await problemsOf(edit(fullText, 'period: 15m', 'period: soon'));
    if (problem === undefined) throw new Error('No problem was found');
    const line = formatProblem('countersign.yaml', problem);
    expect(line).toMatch(
      /^countersign\.yaml:\d+:18 {2}sweep\.period {2}Is not a duration\. Fix: [^\n]+$/,
    );
  });

  it('never shows what a key holds', async () => {
    const secret = '-----BEGIN PRIVATE KEY-----\\nc2VjcmV0\\n-----END PRIVATE KEY-----';
    const text = edit(fullText, 'key: { file: release.pub }', `key: { pem: "${secret}" }`);
    const problems = await problemsOf(text);
    expect(problems.map(({ path }) => path)).toEqual(['trust.release.authorities[1].key.pem']);
    expect(JSON.stringify(problems)).not.toContain('c2VjcmV0');
  });
});
