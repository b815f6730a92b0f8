/** What the generator knows of the registry, by how it pushed and signed. */
export interface Known {
  /** `host/path` of everything that the config names. */
  readonly prefix: string;
  /** `host/path@sha256:…` of all that may run: signed itself, or the child of an index that is. */
  readonly signed: ReadonlySet<string>;
  /** `host/path/chart:version` of the charts that are signed. */
  readonly charts: ReadonlySet<string>;
  /** For an index: the digest of the child that is pulled. */
  readonly children: ReadonlyMap<string, string>;
}

const VALUE = 'configsync.gke.io/image-to-sync';

/**
 * Whether a review may be admitted, from its JSON and what is known: a second, slow and simple opinion that shares no
 * code with the server. False also where there is nothing to admit.
 */
export function mayAdmit(body: unknown, known: Known): boolean {
  const request = at(body, 'request');
  const operation = at(request, 'operation');
  const object = at(request, 'object');
  if (!isSync(request)) return true;
  if (operation === 'DELETE' || operation === 'CONNECT') return true;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  const old = operation === 'UPDATE' ? at(request, 'oldObject') : undefined;
  const value = valueOf(object);
  if (value === undefined || value === '') return true;
  if (typeof value !== 'string') return false;
  const spec = at(object, 'spec');
  if (value !== valueOf(old)) return maySync(value, spec, known);
  // The same value of another chart is another announcement; one that the new spec has left behind is none.
  const chart = at(spec, 'sourceType') === 'helm' && !isSameChart(spec, at(old, 'spec'));
  return !chart || !isOfChart(value, spec) || maySync(value, spec, known);
}

function isSync(request: unknown): boolean {
  const kinds = ['RootSync', 'RepoSync'];
  const kind = at(request, 'kind');
  const resource = at(request, 'resource');
  const object = at(request, 'object');
  const [group] = String(at(object, 'apiVersion')).split('/');
  return (
    (at(kind, 'group') === 'configsync.gke.io' && kinds.includes(String(at(kind, 'kind')))) ||
    (at(resource, 'group') === 'configsync.gke.io' && !at(request, 'subResource')) ||
    (group === 'configsync.gke.io' && kinds.includes(String(at(object, 'kind'))))
  );
}

function maySync(value: string, spec: unknown, known: Known): boolean {
  const type = at(spec, 'sourceType');
  if (type === 'oci') {
    const image = String(at(at(spec, 'oci'), 'image'));
    if (!value.startsWith(`${image}@sha256:`)) return false;
    const digest = value.slice(image.length + 1);
    const [name = '', pinned] = image.split('@');
    const repository = name.replace(/:[^:/]*$/, '');
    if (pinned !== undefined && pinned !== digest && known.children.get(pinned) !== digest)
      return false;
    return repository.startsWith(known.prefix) && known.signed.has(`${repository}@${digest}`);
  }
  if (type !== 'helm') return false;
  const helm = at(spec, 'helm');
  const repo = String(at(helm, 'repo'));
  if (!repo.startsWith('oci://') || !value.startsWith(`${repo}@sha256:`)) return false;
  const version = value.slice(repo.length + '@sha256:'.length);
  const wanted = at(helm, 'version');
  if (typeof wanted === 'string' && /^\d+\.\d+\.\d+$/.test(wanted) && wanted !== version)
    return false;
  return known.charts.has(`${repo.slice('oci://'.length)}/${String(at(helm, 'chart'))}:${version}`);
}

function isSameChart(spec: unknown, old: unknown): boolean {
  return JSON.stringify([spec]) === JSON.stringify([old]);
}

function isOfChart(value: string, spec: unknown): boolean {
  const helm = at(spec, 'helm');
  const version = value.slice(value.lastIndexOf('@') + '@sha256:'.length);
  const wanted = at(helm, 'version');
  const exact = typeof wanted === 'string' && /^\d+\.\d+\.\d+$/.test(wanted);
  const repo = String(at(helm, 'repo'));
  // Over https nothing is announced, and an existing value is left alone.
  const announced = repo.startsWith('oci://') && value.startsWith(`${repo}@`);
  return announced && (!exact || wanted === version);
}

function valueOf(object: unknown): unknown {
  return at(at(at(object, 'metadata'), 'annotations'), VALUE);
}

/** The own field of an object; undefined of everything else. */
export function at(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
}
