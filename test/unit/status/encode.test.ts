import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  encodeEvent,
  eventIdOf,
  MAX_ATTRIBUTE_BYTES,
  MAX_ERRORS,
  MAX_TEXT_BYTES,
  type TopicMessage,
} from '#shared/status/encode.ts';
import { severityOf, type StatusEvent } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { statusJsonSchemas } from '#infra/docs/event-schemas.ts';
import {
  brakeEvent,
  clusterEvent,
  EVERY_EVENT,
  imageEvent,
  resyncEvent,
  rolloutEvent,
  sweepEvent,
  syncEvent,
} from '#test/fixtures/status-events.ts';

const NOW = new Date('2026-11-22T05:00:01Z');
const SOURCE = '//countersign.dev/projects/fleet-host';
const schemas = new URL('../../../shared/status/schemas/', import.meta.url);

function encode(event: StatusEvent): TopicMessage {
  return encodeEvent(event, { source: SOURCE, now: NOW });
}

function dataOf({ data }: TopicMessage): unknown {
  return JSON.parse(Buffer.from(data).toString());
}

describe('encodeEvent()', () => {
  it('shows no unseen character and no password of others', () => {
    const foreign = 'a\u202eb\u001bc\u2028d https://me:hunter2@host/x?token=hunter2\n';
    const clean = 'a\ufffdb\ufffdc\ufffdd https://host/x';
    const event = syncEvent('sync.failed');
    const message = encode({
      ...event,
      data: {
        ...event.data,
        sync: 'RepoSync/a\u202e\n/b',
        message: foreign,
        errors: [{ code: '2004', message: foreign }],
      },
    });
    expect(dataOf(message)).toMatchObject({
      message: `${clean}\n`,
      errors: [{ code: '2004', message: `${clean}\n` }],
    });
    expect(message.attributes['sync']).toBe('RepoSync/a\ufffd\ufffd/b');
  });

  it('writes a CloudEvent in binary mode, with attributes for filters', () => {
    const event = syncEvent('sync.synced');
    const message = encode({ ...event, traceparent: '00-trace' });
    expect(message.attributes).toEqual({
      'ce-specversion': '1.0',
      'ce-id': eventIdOf(event),
      'ce-type': 'dev.countersign.sync.synced.v1',
      'ce-source': SOURCE,
      'ce-time': '2026-11-22T05:00:01.000Z',
      'ce-subject': 'c1/RootSync/root-sync',
      'content-type': 'application/json',
      severity: 'INFO',
      type: 'sync.synced',
      image: 'us-docker.pkg.dev/acme/configs/platform',
      cluster: 'c1',
      sync: 'RootSync/root-sync',
      googclient_traceparent: '00-trace',
    });
    expect(message).not.toHaveProperty('orderingKey');
    expect(dataOf(message)).toEqual(event.data);
  });

  it.each<[string, StatusEvent, string]>([
    ['an image', imageEvent('image.verified'), 'us-docker.pkg.dev/acme/configs/platform:v1'],
    ['a cluster', clusterEvent('cluster.unreachable'), 'c1'],
    ['a resync of an image', resyncEvent(), 'us-docker.pkg.dev/acme/configs/platform:v1'],
    ['a roll-out', rolloutEvent('rollout.completed'), 'us-docker.pkg.dev/acme/configs/platform:v1'],
    ['a sweep', sweepEvent(), 'fleet'],
    ['a brake', brakeEvent('sweep.braked'), 'fleet'],
  ])('names %s as the subject', (_case, event, subject) => {
    expect(encode(event).attributes['ce-subject']).toBe(subject);
  });

  it('leaves an image that is no reference as it is', () => {
    const event = imageEvent('image.unusable');
    const odd = { ...event, data: { ...event.data, image: 'NOT A REFERENCE' } };
    expect(encode(odd).attributes.image).toBe('NOT A REFERENCE');
  });

  it('cuts an attribute at the limit of Pub/Sub, and never the data', () => {
    const event = clusterEvent('cluster.unreachable');
    const cluster = '\u{1F600}'.repeat(500);
    const message = encode({ ...event, data: { ...event.data, cluster } });
    const attribute = message.attributes.cluster ?? '';
    expect(Buffer.byteLength(attribute)).toBeLessThanOrEqual(MAX_ATTRIBUTE_BYTES);
    expect(attribute).toMatch(/^(?:\u{1F600})+…$/u);
    expect(dataOf(message)).toMatchObject({ cluster });
  });

  it('keeps an attribute of exactly the limit', () => {
    const event = clusterEvent('cluster.unreachable');
    const cluster = 'x'.repeat(MAX_ATTRIBUTE_BYTES);
    expect(encode({ ...event, data: { ...event.data, cluster } }).attributes.cluster).toBe(cluster);
  });

  it('bounds the number and length of errors', () => {
    const event = syncEvent('sync.failed');
    const errors = Array.from({ length: 80 }, () => ({ code: '1', message: 'e'.repeat(100_000) }));
    const message = encode({ ...event, data: { ...event.data, errors, message: 'm'.repeat(9e6) } });
    expect(message.data.length).toBeLessThan((MAX_ERRORS + 2) * (MAX_TEXT_BYTES + 100));
    expect(dataOf(message)).toMatchObject({ errors: { length: MAX_ERRORS } });
  });

  it('carries lone surrogates as what they are: broken', () => {
    const event = sweepEvent();
    const message = encode({ ...event, data: { ...event.data, message: 'a\uD800b' } });
    expect(dataOf(message)).toMatchObject({ message: 'a\uFFFDb' });
  });

  it.each(EVERY_EVENT)('writes $type as its published schema says', (event) => {
    const message = encode(event);
    const file = `${message.attributes['ce-type'] ?? ''}.json`;
    const validate = new Ajv2020({ allErrors: true, formats: { 'date-time': true } }).compile(
      JSON.parse(readFileSync(new URL(file, schemas), 'utf8')),
    );
    validate({ attributes: message.attributes, data: dataOf(message) });
    expect(validate.errors).toBeNull();
    expect(STATUS_DATA[event.type].safeParse(event.data).success).toBe(true);
  });
});

describe('shared/status/schemas', () => {
  it('holds what `npm run docs` writes, for every type', () => {
    const committed = readdirSync(schemas).map((file) => [
      file,
      JSON.parse(readFileSync(new URL(file, schemas), 'utf8')),
    ]);
    const current: unknown = JSON.parse(JSON.stringify(statusJsonSchemas()));
    expect(Object.fromEntries(committed)).toEqual(current);
    expect(committed).toHaveLength(EVERY_EVENT.length);
  });

  it('refuses an event without its digest of what happened', () => {
    const schema = statusJsonSchemas()['dev.countersign.sync.synced.v1.json'] ?? {};
    const validate = new Ajv2020({ formats: { 'date-time': true } }).compile(schema);
    const { attributes } = encode(syncEvent('sync.synced'));
    expect(validate({ attributes, data: { cluster: 'c1' } })).toBe(false);
  });
});

describe('severityOf()', () => {
  it('is ERROR for what is wrong, WARNING for what may be, INFO for the rest', () => {
    const bySeverity = Object.groupBy(EVERY_EVENT, severityOf);
    expect(bySeverity.ERROR?.map(({ type }) => type)).toEqual([
      'image.untrusted',
      'image.unchecked',
      'sync.failed',
      'sync.blocked',
      'sync.stalled',
      'sync.unguarded',
      'sync.refused',
      'cluster.unreachable',
      'rollout.halted',
      'rollout.interrupted',
      'sweep.braked',
      'withdrawal.unchecked',
    ]);
    expect(bySeverity.WARNING?.map(({ type }) => type)).toEqual([
      'image.unusable',
      'sync.withdrawn',
      'freeze.started',
      'rollout.degraded',
      'rollout.stage.skipped',
      'rollout.promoted',
      'rollout.aborted',
      'rollout.rolling-back',
      'rollout.rolled-back',
    ]);
  });

  it('is what the event says, if it says', () => {
    const event = { ...syncEvent('sync.approved'), severity: 'WARNING' } as const;
    expect(severityOf(event)).toBe('WARNING');
    expect(encode(event).attributes.severity).toBe('WARNING');
  });
});
