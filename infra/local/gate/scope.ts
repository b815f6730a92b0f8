import type { GateConfig } from './config.ts';
import type { Source } from './review.ts';

const OCI_SCHEME = 'oci://';
const HUB = 'index.docker.io';
const HUB_NAMES = [HUB, 'docker.io', 'registry-1.docker.io'];

/** What the config says of a source. */
export interface Scope {
  /** Whether its images are judged: all are under `deny`, the named ones under `ignore`. */
  judges: (source: Source) => boolean;
  /** Whether the first entry that names it has `effect: pin`. */
  pins: (source: Source) => boolean;
}

export function createScope({ images, pinned = [], unmatched }: GateConfig): Scope {
  const rules = images.map((match) => ({
    glob: toRegExp(match),
    effect: pinned.includes(match) ? 'pin' : 'gate',
  }));
  const ruleOf = (repository: string) => rules.find(({ glob }) => glob.test(repository));
  return {
    judges(source) {
      if (unmatched === 'deny') return true;
      const reference = referenceOf(source);
      if (reference === undefined) return false;
      const repository = repositoryOf(reference, source.type);
      // A spelling that nobody here can read may be another name of any image.
      return repository === undefined || ruleOf(repository) !== undefined;
    },
    pins(source) {
      const reference = referenceOf(source);
      const repository = reference === undefined ? undefined : repositoryOf(reference, source.type);
      return repository !== undefined && ruleOf(repository)?.effect === 'pin';
    },
  };
}

/** The image or chart that is pulled; undefined for git, and for Helm over http. */
function referenceOf({ type, image, repo, chart }: Source): string | undefined {
  if (type === 'oci') return image === '' ? undefined : image;
  if (type !== 'helm' || !repo.startsWith(OCI_SCHEME)) return undefined;
  return `${repo.slice(OCI_SCHEME.length)}/${chart}`;
}

const NAME = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const REST = /^(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/**
 * `host/path`, with Docker Hub's short names written out and without default port, tag and digest;
 * undefined where it is not spelled plainly.
 */
function repositoryOf(reference: string, type: string): string | undefined {
  if (reference.length > 1024) return undefined;
  const [first = ''] = reference.split('/', 1);
  const hosted = reference.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  if (type === 'helm' && !hosted) return undefined;
  const host = hosted ? normaliseHost(first) : HUB;
  const named = hosted ? reference.slice(first.length + 1) : reference;
  const path = named.split(/[:@]/, 1)[0] ?? '';
  const rest = named.slice(path.length);
  if (host === undefined || !path.split('/').every((part) => NAME.test(part))) return undefined;
  if (type === 'helm' ? rest !== '' : !REST.test(rest)) return undefined;
  return host === HUB && !path.includes('/') ? `${HUB}/library/${path}` : `${host}/${path}`;
}

// `HOST:443/…` and upper case are other spellings of the same image (facts/gate.md).
function normaliseHost(written: string): string | undefined {
  const lower = written.toLowerCase();
  const port = /:[1-9]\d{0,4}$/.exec(lower)?.[0] ?? '';
  const name = lower.slice(0, lower.length - port.length);
  const plain = /^\[[0-9a-f:]+\]$/.test(name) || name.split('.').every((part) => LABEL.test(part));
  if (!plain) return undefined;
  const host = port === ':443' ? name : `${name}${port}`;
  return HUB_NAMES.includes(host) ? HUB : host;
}

// Anchored: a glob for `a/b` must not cover `evil/a/b` or `a/b-evil`.
function toRegExp(glob: string): RegExp {
  if (glob === '**') return /^.+$/;
  const [host = '', ...segments] = glob.split('/');
  const parts = segments.map((segment, index) => {
    if (segment === '**') return index === segments.length - 1 ? '(/[^/]+)+' : '(/[^/]+)*';
    return segment === '*' ? '/[^/]+' : `/${segment.split('*').map(quote).join('[^/]*')}`;
  });
  return new RegExp(`^${quote(host)}${parts.join('')}$`);
}

function quote(literal: string): string {
  return literal.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&');
}
