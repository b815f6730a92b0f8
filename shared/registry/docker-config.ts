import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';

/** A user name and password, as a Docker `config.json` has them, or a credential helper gives them. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Asks `docker-credential-<name>` for a host; undefined: it knows none. Throws `bad-config` for a helper that is not
 * installed or fails.
 */
export type AskHelper = (name: string, server: string) => Promise<Credentials | undefined>;

/** Where credentials are wanted: `host[:port]` and the path there, as references have them. */
interface Wanted {
  readonly host: string;
  readonly path: string;
}

/** Which part of the file serves a repository. */
type DockerEntry =
  | { readonly from: 'auths'; readonly key: string }
  | {
      readonly from: 'credHelpers' | 'credsStore';
      readonly helper: string;
      readonly server: string;
    };

const authSchema = () =>
  z.object({
    auth: z.string().optional(),
    username: z.string().optional(),
    password: z.string().optional(),
    identitytoken: z.string().optional(),
  });

const configSchema = z.lazy(() =>
  z.object({
    auths: z.record(z.string(), authSchema()).optional(),
    credHelpers: z.record(z.string(), z.string()).optional(),
    credsStore: z.string().optional(),
  }),
);

type DockerConfig = z.infer<typeof configSchema>;

const DOCKER_HUB = 'index.docker.io';
const HUB_NAMES: ReadonlySet<string> = new Set([DOCKER_HUB, 'docker.io', 'registry-1.docker.io']);
/** What Docker calls its own registry, in the file and to helpers. */
const HUB_KEY = `https://${DOCKER_HUB}/v1/`;
/** A name that is part of a program's name, and leads nowhere else. */
const HELPER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * The credentials for a repository: of `auths` the entry with the longest path that contains it, as Kubernetes and
 * Config Sync match them, else the helper of its host, else the store. Undefined: the file has none. Throws
 * `bad-config`, never showing what the file holds.
 *
 * @example
 * const found = await credentialsFor({ host: 'ghcr.io', path: 'acme/app' }, text, askHelper);
 */
export async function credentialsFor(
  wanted: Wanted,
  text: string,
  askHelper: AskHelper,
): Promise<Credentials | undefined> {
  const config = readDockerConfig(text);
  const entry = entryFor(wanted, config);
  if (entry === undefined) return undefined;
  if (entry.from !== 'auths') return askHelper(entry.helper, entry.server);
  const { auth, username, password, identitytoken } = config.auths?.[entry.key] ?? {};
  const name = JSON.stringify(entry.key);
  if (identitytoken) {
    throw badConfig(
      `Docker config has an identity token for ${name}: only user name and password are supported`,
    );
  }
  if (username !== undefined && password !== undefined) return { username, password };
  // `echo` ends what it writes with a line break, which is part of no password.
  const pair = Buffer.from(auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');
  const colon = pair.indexOf(':');
  if (colon > 0) return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
  throw badConfig(`Docker config has an "auth" for ${name} that is not base64 of user:password`);
}

/** Reads the text of a `~/.docker/config.json`. Throws `bad-config`. */
export function readDockerConfig(text: string): DockerConfig {
  const { data } = configSchema.safeParse(parseJson(text));
  // The parser's message may quote the file, hence no cause.
  if (data === undefined) throw badConfig('Docker config is not JSON of the expected form');
  return data;
}

/** Which part of the file serves a repository; undefined: none, it is asked for anonymously. Throws `bad-config`. */
export function entryFor(
  { host, path }: Wanted,
  { auths = {}, credHelpers = {}, credsStore }: DockerConfig,
): DockerEntry | undefined {
  const matching = Object.entries(auths)
    // An entry without content says that a helper has it.
    .filter(([, { auth, username, identitytoken }]) => auth ?? username ?? identitytoken)
    .map(([key]) => ({ key, place: placeOf(key) }))
    .filter(({ place }) => place.host === host && contains(place.path, path))
    .toSorted((a, b) => b.place.path.length - a.place.path.length);
  const [longest] = matching;
  if (longest !== undefined) return { from: 'auths', key: longest.key };
  const server = host === DOCKER_HUB ? HUB_KEY : host;
  const [, named] = Object.entries(credHelpers).find(([key]) => placeOf(key).host === host) ?? [];
  if (named !== undefined) return { from: 'credHelpers', helper: checkName(named), server };
  if (credsStore === undefined || credsStore === '') return undefined;
  return { from: 'credsStore', helper: checkName(credsStore), server };
}

/** Keys are hosts, hosts with a path, or URLs such as Docker Hub's `https://index.docker.io/v1/`. */
function placeOf(key: string): Wanted {
  const [written = '', ...segments] = key
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .split('/');
  const host = written.toLowerCase().replace(/:0*443$/, '');
  const path = segments.join('/');
  // The path of the registry's API, which is no repository.
  const isApi = path === 'v1' || path === 'v2';
  return { host: HUB_NAMES.has(host) ? DOCKER_HUB : host, path: isApi ? '' : path };
}

/** Whole segments: `team` contains `team/app`, and not `team-b/app`. */
function contains(folder: string, path: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

function checkName(helper: string): string {
  if (HELPER.test(helper)) return helper;
  throw badConfig(
    'Docker config names a credential helper with other characters than A-Z, 0-9, ".", "_", "-"',
  );
}

function badConfig(message: string): CountersignError {
  return new CountersignError('bad-config', message);
}
