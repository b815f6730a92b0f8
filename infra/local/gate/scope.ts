import type { GateConfig } from './config.ts';
import type { Source } from './review.ts';

const OCI_SCHEME = 'oci://';

/** Decides whether a source is judged: all are under `deny`, the named ones under `ignore`. */
export function createScope(config: GateConfig): (source: Source) => boolean {
  const globs = config.images.map(toRegExp);
  return (source) => {
    if (config.unmatched === 'deny') return true;
    const repository = repositoryOf(source);
    return repository !== undefined && globs.some((glob) => glob.test(repository));
  };
}

/** `host/path` without tag, digest and default port; undefined for git and Helm over http. */
function repositoryOf({ type, image, repo, chart }: Source): string | undefined {
  if (type === 'oci') return normalise(image);
  if (type !== 'helm' || !repo.startsWith(OCI_SCHEME)) return undefined;
  return normalise(`${repo.slice(OCI_SCHEME.length)}/${chart}`);
}

// `HOST:443/…` and upper case are other spellings of the same image (facts/gate.md).
function normalise(image: string): string {
  const [name = ''] = image.toLowerCase().split('@');
  const untagged = name.replace(/:[^/:]*$/, '');
  return untagged.replace(/^([^/]*):443\//, '$1/');
}

// Anchored: a glob for `a/b` must not cover `evil/a/b` or `a/b-evil`.
function toRegExp(glob: string): RegExp {
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.+';
    return part === '*' ? '[^/]+' : part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
