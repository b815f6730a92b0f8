import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { cleanLine, cutText, foldLines } from '#shared/core/foreign-text.ts';
import { parseJson } from '#shared/net/json.ts';
import type { Program, ProgramEnd, RunProgram } from '#shared/net/run-program.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import type { KubeExec } from './schema.ts';

/** A plugin as one user of a kubeconfig has it. */
export interface Plugin {
  /** Its path, where the kubeconfig has one: beside that file. */
  readonly command: string;
  readonly exec: KubeExec;
  /** What it is given of its cluster (`provideClusterInfo`). */
  readonly cluster?: Readonly<Record<string, unknown>>;
}

/** What a plugin gave: a token, a certificate with its key, or both. */
export interface PluginCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Plugins {
  /** The plugin's answer, kept until it expires. Throws `cluster-unreachable`. */
  get(plugin: Plugin): Promise<PluginCredential>;
  /** A newer answer than one that was refused; the same one where it is new itself. Throws as `get`. */
  renew(plugin: Plugin, refused: PluginCredential): Promise<PluginCredential>;
}

export interface PluginsDeps {
  readonly run: RunProgram;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Variables of this process, which plugins get as well. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Longer than a plugin that asks a cloud takes. */
const TIMEOUT_MS = 15_000;
/** Plugins at once: enough that one that hangs delays no other, and few enough for a small machine. */
const AT_ONCE = 16;
/** How long a failure, or an answer that was refused, is believed before the plugin is run anew. */
const PAUSE_MS = 10_000;
/** More than a fleet has users. */
const MAX_KEPT = 10_000;
const MAX_REASON = 200;

const credentialSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
});

interface Kept {
  readonly outcome: PluginCredential | CountersignError;
  readonly since: number;
  readonly until: number;
}

/**
 * Runs credential plugins as kubectl does (KEP-541), one at a time for each user: all that wait share its answer.
 *
 * @example
 * const plugins = createPlugins({ run: runProgram, now, variables });
 * const { token } = await plugins.get({ command: 'gke-gcloud-auth-plugin', exec });
 */
export function createPlugins({ run, now, variables }: PluginsDeps): Plugins {
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT });
  const join = createSingleFlight<PluginCredential>();
  const places = bulkhead(AT_ONCE, Infinity);

  async function ask(plugin: Plugin): Promise<Omit<Kept, 'since'>> {
    const end = await places.execute(() => run(programOf(plugin, variables)));
    try {
      return readAnswer(plugin, end);
    } catch (outcome) {
      if (!(outcome instanceof CountersignError)) throw outcome;
      return { outcome, until: now() + PAUSE_MS };
    }
  }

  function get(plugin: Plugin): Promise<PluginCredential> {
    const key = keyOf(plugin);
    return join(key, async () => {
      const known = kept.get(key);
      const current =
        known !== undefined && known.until > now()
          ? known
          : { ...(await ask(plugin)), since: now() };
      kept.set(key, current);
      if (current.outcome instanceof CountersignError) throw current.outcome;
      return current.outcome;
    });
  }

  return {
    get,
    renew(plugin, refused) {
      const key = keyOf(plugin);
      const known = kept.get(key);
      if (known?.outcome === refused && known.since + PAUSE_MS <= now()) kept.delete(key);
      return get(plugin);
    },
  };
}

function keyOf({ command, exec, cluster }: Plugin): string {
  return JSON.stringify([command, exec, cluster]);
}

function programOf(
  { command, exec, cluster }: Plugin,
  variables: PluginsDeps['variables'],
): Program {
  const { apiVersion, args, env } = exec;
  const spec = { ...defined({ cluster }), interactive: false };
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec });
  const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  return {
    command,
    args,
    env: { ...variables, ...own, KUBERNETES_EXEC_INFO: info },
    timeoutMs: TIMEOUT_MS,
  };
}

function readAnswer(plugin: Plugin, end: ProgramEnd): Omit<Kept, 'since'> {
  const { exec } = plugin;
  if (end.outcome === 'absent') throw bad(plugin, `is not installed${hintOf(exec)}`);
  if (end.outcome === 'late') throw bad(plugin, `did not end within ${TIMEOUT_MS / 1_000} s`, true);
  if (end.outcome === 'large') throw bad(plugin, 'printed more than any credential has');
  if (end.outcome === 'failed')
    throw bad(plugin, `could not be started${codeOf(end.cause)}${hintOf(exec)}`);
  const { code, out, err } = end;
  if (code !== 0) {
    const reason = cutText(cleanLine(foldLines(err)), MAX_REASON);
    throw bad(plugin, `failed with code ${code}${reason === '' ? '' : `: ${reason}`}`, true);
  }
  const { data } = credentialSchema.safeParse(parseJson(out));
  if (data === undefined) throw bad(plugin, 'printed no ExecCredential with a status');
  if (data.apiVersion !== exec.apiVersion) {
    throw bad(plugin, 'printed another apiVersion than that of exec.apiVersion');
  }
  const { token, clientCertificateData: cert, clientKeyData: key } = data.status;
  if (!token && !cert && !key) throw bad(plugin, 'printed neither a token nor a certificate');
  if (!cert !== !key) throw bad(plugin, 'printed a certificate or a key, and not both');
  const outcome = defined({
    token: token || undefined,
    cert: cert || undefined,
    key: key || undefined,
  });
  const { expirationTimestamp } = data.status;
  return { outcome, until: expirationTimestamp ? Date.parse(expirationTimestamp) : Infinity };
}

function hintOf({ installHint }: KubeExec): string {
  const hint = cutText(cleanLine(foldLines(installHint)), MAX_REASON);
  return hint === '' ? '; put it on the PATH' : `; ${hint}`;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
}

/** `retry`: it may do better a little later. */
function bad({ command }: Plugin, problem: string, retry = false): CountersignError {
  const message = `Credential plugin ${JSON.stringify(cleanLine(command))} ${problem}`;
  return new CountersignError('cluster-unreachable', message, { retry });
}
