import type { Config } from '#shared/config/config.ts';
import type { Finding } from '#shared/config/problem.ts';
import type { Variables } from '#shared/net/environment.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import { type Around, checkKubeconfigs } from './check-kubeconfigs.ts';
import { credentialNotes } from './credential-notes.ts';

/**
 * Looks at what a good config is used with: contexts that its kubeconfigs do not have, or that cannot be used, and
 * functions that Google's Pub/Sub calls without their knowing their callers. Notes which credentials images are asked with.
 */
export async function checkAround(config: Config, env: Variables): Promise<Around> {
  const contexts = await checkKubeconfigs(config);
  const callers = checkCallers(config);
  return {
    findings: [...contexts.findings, ...callers.findings],
    notes: [...contexts.notes, ...(await credentialNotes(config, env)), ...callers.notes],
  };
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
