import { describe, expect, it } from 'vitest';
import { readAllPages } from '#test/docs/markdown.ts';
import { closureOf } from './import-graph.ts';
import { type Import, readSources } from './sources.ts';

/** docs/design.md#rooms: what each room may import at run time, and as types only. */
interface Room {
  readonly path: string;
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** What every adapter may use: the values of the domain, and plumbing of requests and bytes. */
const BASE = ['shared/core', 'shared/net'];

const OTHER_ROOMS = [
  'config',
  'registry',
  'trust',
  'fleet',
  'configsync',
  'store',
  'records',
  'status',
  'evidence',
];

const ROOMS: readonly Room[] = [
  { path: 'shared/core', values: [], types: [] },
  { path: 'shared/net', values: ['shared/core'], types: [] },
  { path: 'shared/config', values: BASE, types: [] },
  { path: 'shared/registry', values: BASE, types: [] },
  { path: 'shared/trust', values: BASE, types: ['shared/registry'] },
  {
    path: 'shared/content',
    values: BASE,
    types: ['shared/registry', 'shared/trust'],
  },
  { path: 'shared/fleet', values: BASE, types: [] },
  { path: 'shared/configsync', values: BASE, types: ['shared/fleet'] },
  { path: 'shared/store', values: BASE, types: [] },
  { path: 'shared/records', values: BASE, types: [] },
  { path: 'shared/history', values: BASE, types: [] },
  { path: 'shared/status', values: BASE, types: [] },
  { path: 'shared/evidence', values: BASE, types: [] },
  {
    path: 'shared/reconcile',
    values: BASE,
    types: OTHER_ROOMS.map((room) => `shared/${room}`),
  },
  {
    path: 'shared/rollouts',
    values: [...BASE, 'shared/reconcile', 'shared/records'],
    types: OTHER_ROOMS.map((room) => `shared/${room}`),
  },
  {
    path: 'shared/overview',
    values: [...BASE, 'shared/store'],
    types: OTHER_ROOMS.map((room) => `shared/${room}`),
  },
  { path: 'shared/http', values: [...BASE, 'shared/telemetry'], types: [] },
  {
    path: 'shared/telemetry',
    values: BASE,
    types: OTHER_ROOMS.map((room) => `shared/${room}`),
  },
  { path: 'functions/wiring', values: ['shared'], types: [] },
  ...['push', 'cluster', 'sweep', 'history', 'api', 'admission'].map((name) => ({
    path: `functions/${name}`,
    values: ['shared', 'functions/wiring'],
    types: [],
  })),
  // Of infra what is loaded when it is called for, by a test below.
  {
    path: 'functions/cli',
    values: ['shared', 'functions/wiring', 'infra/kubernetes/gate', 'infra/local'],
    types: [],
  },
  { path: 'infra/kubernetes', values: ['shared'], types: [] },
  // The local world evaluates the rendered gate. Of core it takes `defined`, which is no part of what it stands in for.
  {
    path: 'infra/local',
    values: ['infra/kubernetes/gate', 'shared/core', 'shared/net'],
    types: ['shared'],
  },
  { path: 'infra/examples', values: ['shared'], types: [] },
  { path: 'infra/build', values: [], types: [] },
  { path: 'infra/docs', values: ['shared', 'functions/cli'], types: [] },
];

function isWithin(target: string, room: string): boolean {
  return target.startsWith(`${room}/`);
}

function isAllowed(room: Room, { target, ours, typeOnly }: Import): boolean {
  if (!ours || isWithin(target, room.path)) return true;
  const rooms = typeOnly ? [...room.values, ...room.types] : room.values;
  return rooms.some((allowed) => isWithin(target, allowed));
}

const sources = readSources('functions/**/*.ts', 'shared/**/*.ts', 'infra/**/*.ts');

describe('the import table', () => {
  it('has a room for every file', () => {
    const homeless = sources.filter(({ path }) => !ROOMS.some((room) => isWithin(path, room.path)));
    expect(homeless.map(({ path }) => path)).toEqual([]);
    expect(sources.length).toBeGreaterThan(100);
  });

  it('is the table of docs/design.md', () => {
    const design = readAllPages().find(({ path }) => path === 'docs/design.md')?.prose ?? '';
    const rows = design.split('\n## Rooms\n')[1]?.split('\n\n')[0]?.split('\n') ?? [];
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([a-z/]+\/[a-z]+)`/g)].map(([, name = '']) => name),
    );
    // Terraform has no TypeScript.
    const written = named.filter((name) => name !== 'infra/terraform');
    expect(written.toSorted()).toEqual(ROOMS.map(({ path }) => path).toSorted());
  });

  it.each(ROOMS)('holds for $path', (room) => {
    const forbidden = sources
      .filter(({ path }) => isWithin(path, room.path))
      .flatMap(({ path, imports }) =>
        imports
          .filter((found) => !isAllowed(room, found))
          .map(({ target, typeOnly }) => `${path} -> ${typeOnly ? 'type ' : ''}${target}`),
      );
    expect(forbidden).toEqual([]);
  });

  it('allows the mains of functions to mains and their wiring alone', () => {
    const wiring = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => isWithin(target, 'functions/wiring'))
        .filter(() => !/\/(?:main|open)\.ts$|^functions\/(?:wiring|cli)\//.test(path))
        .map(({ target }) => `${path} -> ${target}`),
    );
    expect(wiring).toEqual([]);
  });

  it('leads from the command to infra in one place, which loads it when it is called for', () => {
    const others = sources
      .filter(({ path }) => isWithin(path, 'functions/cli'))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ target, typeOnly }) => isWithin(target, 'infra') && !typeOnly)
          .filter(({ late }) => path !== 'functions/cli/open-heavy.ts' || !late)
          .map(({ target }) => `${path} -> ${target}`),
      );
    expect(others).toEqual([]);
  });

  it('starts the command without the clients of clusters, Pub/Sub and signatures', () => {
    const loaded = closureOf('functions/cli/main.ts', 'start');
    expect(loaded).toContain('functions/cli/fleet/show-status.ts');
    const rooms = ['config-sync', 'fleet', 'registry', 'trust', 'reconcile', 'status', 'store'];
    const heavy = loaded.filter(
      (path) =>
        isWithin(path, 'functions/wiring') ||
        rooms.some((room) => isWithin(path, `shared/${room}`)),
    );
    expect(heavy).toEqual([]);
  });

  it('keeps core free of packages and of Node, but for what knows semantic versions', () => {
    const foreign = sources
      .filter(({ path }) => isWithin(path, 'shared/core'))
      .flatMap(({ path, imports }) =>
        imports.filter(({ ours, target }) => !ours && !(isVersions(path) && target === 'semver')),
      );
    expect(foreign).toEqual([]);
  });
});

/** It computes, and does nothing else: its grammar and order are a specification that is not written anew. */
function isVersions(path: string): boolean {
  return ['shared/core/track/range.ts', 'shared/core/track/version.ts'].includes(path);
}

describe('clients', () => {
  it.each([
    ['@kubernetes/client-node', ['shared/fleet/kubernetes.ts']],
    ['@google-cloud/pubsub', ['shared/status/pubsub-client.ts']],
    ['@google-cloud/artifact-registry', ['shared/registry/artifact-lookup.ts']],
    ['@google-cloud/functions-framework', ['shared/http/serve-function.ts']],
    ['@opentelemetry/exporter-trace-otlp-http', ['shared/telemetry/send-spans.ts']],
    ['@opentelemetry/exporter-prometheus', ['shared/telemetry/serve-metrics.ts']],
    ['@opentelemetry/api', ['shared/telemetry/otel-tracing.ts']],
    ['google-auth-library', ['functions/wiring/google-token.ts', 'shared/status/pubsub-client.ts']],
  ])('of %s are made in one place', (name, places) => {
    const users = sources
      .filter(({ path }) => !isWithin(path, 'infra/local'))
      .filter(({ imports }) => imports.some((found) => found.target === name && !found.typeOnly));
    expect(users.map(({ path }) => path)).toEqual(places);
  });
});

describe('the import reader', () => {
  it('distinguishes types from values', () => {
    const [file] = readSources('shared/reconcile/write.ts');
    const found = (target: string) => file?.imports.find((entry) => entry.target.endsWith(target));
    expect(found('core/decide.ts')).toMatchObject({ ours: true, typeOnly: false });
    expect(found('fleet/cluster-api.ts')).toMatchObject({ ours: true, typeOnly: true });
    expect(found('reconcile/report-sync.ts')).toMatchObject({
      target: 'shared/reconcile/report-sync.ts',
      typeOnly: false,
    });
  });
});
