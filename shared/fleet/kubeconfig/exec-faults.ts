import type { KubeExec } from './schema.ts';

/** Versions of the protocol of plugins (client-go, `pkg/apis/clientauthentication`). */
const VERSIONS: readonly string[] = ['v1', 'v1beta1'].map(
  (version) => `client.authentication.k8s.io/${version}`,
);
const MODES: readonly string[] = ['Never', 'IfAvailable', 'Always'];

/** What is wrong with the exec plugin of a user. */
export function* execFaults(exec: KubeExec): Generator<string> {
  const { apiVersion, command, env, interactiveMode: mode } = exec;
  if (command === '') yield 'exec.command is missing; name the plugin';
  if (!VERSIONS.includes(apiVersion))
    yield `exec.apiVersion is not supported; write ${VERSIONS.join(' or ')}`;
  if (env?.some(({ name }) => name === '') === true)
    yield 'exec.env has a variable without a name; name it';
  // v1beta1 has a default, and v1 none.
  if (mode === '' && apiVersion === VERSIONS[0])
    yield 'exec.interactiveMode is missing; write Never or IfAvailable';
  else if (mode !== '' && !MODES.includes(mode))
    yield `exec.interactiveMode is unknown; write ${MODES.slice(0, 2).join(' or ')}`;
  else if (mode === 'Always')
    yield 'exec.interactiveMode is Always, and there is no terminal here; use a plugin that asks for nothing';
}
