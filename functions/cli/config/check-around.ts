import type { Config } from '#shared/config/config.ts';
import type { ReadFile } from '#shared/config/read-file.ts';
import type { Finding } from '#shared/config/problem.ts';
import { toFailure } from '#shared/core/errors.ts';
import { readContexts } from '#shared/fleet/kubeconfig-fleet.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';

/** What a config that is good by itself has against it where it is to be used. */
export interface Around {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

const MAX_KUBECONFIG_BYTES = 10_000_000;

/**
 * Looks at what a good config is used with: contexts that its kubeconfig does not have, and functions that Google's
 * Pub/Sub calls without their knowing their callers.
 */
export async function checkAround(config: Config, readFile: ReadFile): Promise<Around> {
  const contexts = await checkContexts(config, readFile);
  const callers = checkCallers(config);
  return {
    findings: [...contexts.findings, ...callers.findings],
    notes: [...contexts.notes, ...callers.notes],
  };
}

async function checkContexts({ fleet }: Config, readFile: ReadFile): Promise<Around> {
  if (fleet.type !== 'kubeconfig') return { findings: [], notes: [] };
  const { path, contexts, labels } = fleet;
  let known: readonly string[];
  try {
    known = readContexts(path, await readFile(path, MAX_KUBECONFIG_BYTES));
  } catch (error) {
    // It may be elsewhere where the functions run.
    const why = `Kubeconfig ${path} cannot be read here, so that its contexts are not checked`;
    const { code, message } = toFailure(error);
    return { findings: [], notes: [code === 'bad-config' ? message : why] };
  }
  const fix = `Write one of ${known.join(', ')}, or add the context to ${path}`;
  const problem = 'Names no context of the kubeconfig';
  const places = [
    ...contexts.map((name, at) => ({ name, path: ['contexts', at] })),
    ...Object.keys(labels).map((name) => ({ name, path: ['labels', name] })),
  ];
  const findings = places
    .filter(({ name }) => !known.includes(name))
    .map((one): Finding => {
      const place = ['fleet', 'kubeconfig', ...one.path];
      return { path: place, kind: 'bad-value', problem, fix };
    });
  return { findings, notes: [] };
}

/** What a project of Google can be called; that of the local world is shorter. */
const GOOGLE_PROJECT = /^(?:[a-z0-9.-]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$/;

function checkCallers({ topics, access, history }: Config): Around {
  const calls = [
    ['push', 'the subscription of the registry topic'],
    ['cluster', 'the subscriptions of the task topics'],
    ...(history === undefined
      ? []
      : [['history', 'the subscription of the status topic'] as const]),
  ] as const;
  const isGoogle = Object.values(topics).some((topic) =>
    GOOGLE_PROJECT.test(parsePubsubName(topic)?.project ?? ''),
  );
  if (!isGoogle) return { findings: [], notes: [] };
  const open = calls.filter(([name]) => access[name]?.mode === 'none');
  const absent = calls.filter(([name]) => access[name] === undefined);
  return {
    findings: open.map(([name, caller]): Finding => {
      const problem = `Lets anyone call ${name}, which ${caller} calls from Google`;
      const fix = 'Write mode iam or verify, with the audience and the e-mail of the caller';
      return { path: ['access', name, 'mode'], kind: 'conflict', problem, fix };
    }),
    notes: absent.map(
      ([name, caller]) =>
        `access.${name} is not there, so that ${name} refuses to start: ${caller} is to call it`,
    ),
  };
}
