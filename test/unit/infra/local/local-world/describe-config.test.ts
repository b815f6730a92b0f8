import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeConfig, type Effect, filesIn } from '#infra/local/local-world/files.ts';
import { openPubsub } from '#infra/local/local-world/pubsub.ts';
import type { LocalStages } from '#infra/local/local-world/stages.ts';
import type { Config } from '#shared/config/config.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import { parseConfig } from '#shared/config/load-config.ts';
import { createStrategies } from '#shared/config/strategies.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString();

function parse(
  registry = '127.0.0.1:5000',
  project = 'local',
  effect: Effect = 'pin',
  stages?: LocalStages,
): Promise<Config> {
  const files = filesIn('/srv/world');
  const pubsub = openPubsub('127.0.0.1:8085', project);
  const text = describeConfig({ registry, effect, pubsub, files, stages });
  return parseConfig(text, {
    file: files.config,
    readFile: async (path) => {
      expect(path).toBe('/srv/world/cosign.pub');
      return PEM;
    },
  });
}

describe('describeConfig()', () => {
  it('writes a config without a problem', async () => {
    const config = await parse();
    expect(config).toMatchObject({
      fleet: { type: 'kubeconfig', path: '/srv/world/countersign.kubeconfig', contexts: [] },
      registries: [{ host: '127.0.0.1:5000', plainHttp: true, auth: 'none' }],
      unmatched: 'deny',
      trust: { release: { require: 1, allowUnsigned: false, format: 'any' } },
      topics: {
        tasks: 'projects/local/topics/countersign-tasks',
        sweepTasks: 'projects/local/topics/countersign-sweep-tasks',
        resyncTasks: 'projects/local/topics/countersign-resync-tasks',
        status: 'projects/local/topics/countersign-status',
        deadLetters: 'projects/local/topics/countersign-dead-letters',
      },
      store: { type: 'sqlite', path: '/srv/world/store.sqlite' },
      records: { type: 'sqlite', path: '/srv/world/records.sqlite' },
      history: { days: 30 },
      gate: {
        identity: 'countersign@local.iam.gserviceaccount.com',
        breakGlass: ['local-admin'],
      },
    });
    const open = { mode: 'none' };
    const all = {
      push: open,
      cluster: open,
      sweep: open,
      history: open,
      api: open,
      admission: open,
    };
    expect(config.access).toEqual(all);
  });

  it('follows the images below configs/ of its own registry, and no others', async () => {
    const { images } = await parse('127.0.0.1:41234');
    expect(createImageRules(images).match('127.0.0.1:41234/configs/platform')?.trust).toBe(
      'release',
    );
    expect(createImageRules(images).match('127.0.0.1:41234/configs/a/b')?.trust).toBe('release');
    expect(createImageRules(images).match('127.0.0.1:41234/other/platform')).toBeUndefined();
    expect(createImageRules(images).match('127.0.0.1:5000/configs/platform')).toBeUndefined();
  });

  it.each(['pin', 'gate'] as const)('has the effect %s where that is asked for', async (effect) => {
    const { images } = await parse('127.0.0.1:5000', 'local', effect);
    expect(images.map((image) => image.effect)).toEqual([effect]);
  });

  it('rolls the image of the platform out in three stages where that is asked for', async () => {
    const clusters = ['cluster-1', 'cluster-2', 'cluster-3'];
    const stages = { clusters, soakSeconds: 2 };
    const config = await parse('127.0.0.1:5000', 'local', 'pin', stages);
    const [platform, others] = config.images;
    expect([platform?.match, others?.match]).toEqual([
      '127.0.0.1:5000/configs/platform',
      '127.0.0.1:5000/configs/**',
    ]);
    expect(config.fleet).toMatchObject({
      labels: { 'cluster-1': { ring: 'canary' }, 'cluster-2': { ring: 'early' } },
    });
    const strategy = platform && createStrategies(config).of(platform);
    expect(strategy?.stages.map(({ name, soakMs }) => [name, soakMs])).toEqual([
      ['canary', 2_000],
      ['early', 2_000],
      ['rest', 0],
    ]);
    expect(others && createStrategies(config).of(others)).toBeUndefined();
  });

  it('names the topics of another project', async () => {
    const { topics } = await parse('127.0.0.1:5000', 'demo-7');
    expect(topics.status).toBe('projects/demo-7/topics/countersign-status');
  });
});
