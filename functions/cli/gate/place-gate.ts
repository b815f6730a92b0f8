import { bulkhead } from 'cockatiel';
import { parseAllDocuments, stringify } from 'yaml';
import * as z from 'zod';
import { toFailure } from '#shared/core/errors.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import type { ObjectApi, ObjectRef } from '#shared/fleet/object-api.ts';

/** What became of one object of the gate in one cluster, or would. */
export interface Placed {
  readonly object: string;
  readonly change: 'created' | 'configured' | 'unchanged';
  /** As YAML; undefined: there is none. */
  readonly before?: string | undefined;
  readonly after: string;
}

export interface PlacedCluster {
  readonly cluster: string;
  readonly objects: readonly Placed[];
  /** Why the rest could not be done. */
  readonly failure?: { readonly code: string; readonly message: string };
}

export interface PlaceOptions {
  /** Only these; none: all of the fleet. Throws `bad-request` for one that is not of it. */
  readonly clusters: readonly string[];
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** Server-side apply leaves alone what another manager has set, `kubectl apply` for one. */
const FORCE = '; --force takes these fields';
const FIELD_MANAGER = 'countersign-gate';
/** Clusters at once; the calls themselves are paced by the fleet's budget. */
const CLUSTERS_AT_ONCE = 16;
const PLURALS = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
} as const;
const Manifest = z.looseObject({
  apiVersion: z.string().regex(/^[a-z.0-9]+\/[a-z0-9]+$/),
  kind: z.enum(['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']),
  metadata: z.looseObject({ name: z.string() }),
});
type Manifest = z.infer<typeof Manifest>;

/**
 * Applies the gate, as `gate render` prints it, to clusters by server-side apply, or with `dryRun` asks what that would
 * change. A cluster that fails delays no other. Policies come before bindings, as they are rendered.
 */
export async function placeGate(
  rendered: string,
  fleet: Pick<Fleet<ObjectApi>, 'connect'>,
  members: readonly Member[],
  options: Omit<PlaceOptions, 'clusters'>,
): Promise<readonly PlacedCluster[]> {
  const manifests = parseAllDocuments(rendered).map((document) => Manifest.parse(document.toJS()));
  const places = bulkhead(CLUSTERS_AT_ONCE, Infinity);
  async function place(member: Member): Promise<PlacedCluster> {
    const objects: Placed[] = [];
    try {
      const api = await fleet.connect(member);
      for (const manifest of manifests) objects.push(await placeObject(api, manifest, options));
      return { cluster: member.name, objects };
    } catch (error) {
      const { code, message } = toFailure(error);
      const more = code === 'cluster-conflict' && !options.force ? FORCE : '';
      return { cluster: member.name, objects, failure: { code, message: `${message}${more}` } };
    }
  }
  return Promise.all(members.map((member) => places.execute(() => place(member))));
}

async function placeObject(
  api: ObjectApi,
  manifest: Manifest,
  { force, dryRun }: Pick<PlaceOptions, 'force' | 'dryRun'>,
): Promise<Placed> {
  const ref = refOf(manifest);
  const found = await api.read(ref);
  const applied = await api.apply(ref, manifest, { fieldManager: FIELD_MANAGER, force, dryRun });
  const before = found === undefined ? undefined : shown(found);
  const after = shown(applied);
  const object = `${manifest.kind.toLowerCase()}/${manifest.metadata.name}`;
  const change = before === undefined ? 'created' : before === after ? 'unchanged' : 'configured';
  return { object, change, before, after };
}

function refOf({ apiVersion, kind, metadata }: Manifest): ObjectRef {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, plural: PLURALS[kind], name: metadata.name };
}

const Live = z.looseObject({
  metadata: z.looseObject({ labels: z.unknown().optional(), annotations: z.unknown().optional() }),
  spec: z.unknown(),
});

/** What people would compare of an object: neither status nor what the API server keeps for itself. */
function shown(value: unknown): string {
  const { metadata, spec } = Live.parse(value);
  const { labels, annotations } = metadata;
  return stringify(
    { metadata: { labels, annotations }, spec },
    { lineWidth: 0, sortMapEntries: true },
  );
}
