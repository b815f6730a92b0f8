import type { GateName } from './gates.ts';

/** A gate with one condition of a rule taken away or made wider, and the row that notices. */
export interface Weakening {
  /** Of letters and dashes, for a label of Kubernetes. */
  readonly name: string;
  readonly gate: GateName;
  /** Where: a variable of the policy, or what it matches. */
  readonly variable: string;
  /** Occurs exactly once in the expression; absent: all of it. */
  readonly find?: string;
  readonly replace: string;
  /** The id of a row that turns red. */
  readonly row: string;
}

function weakening(
  name: string,
  row: string,
  change: Pick<Weakening, 'variable' | 'find' | 'replace'> & { readonly gate?: GateName },
): Weakening {
  return { gate: 'gate', ...change, name, row };
}

/** The text of `touched`, as the policy has it. */
function touched(key: string): string {
  return `variables.annotations[?"${key}"] != variables.oldAnnotations[?"${key}"]`;
}

const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';

/** What each condition within the rules is there for. */
export const WEAKENINGS: readonly Weakening[] = [
  weakening('exempts-what-is-deleted', 'deletion/reconciler-sends-again', {
    variable: 'finalizing',
    replace: 'oldObject != null && has(oldObject.metadata.deletionTimestamp)',
  }),
  weakening('exempts-finalizers-with-spec', 'deletion/finalizers-and-git', {
    variable: 'finalizing',
    find: ' && variables.sameSpec',
    replace: '',
  }),
  weakening('exempts-finalizers-with-announcement', 'deletion/finalizers-and-announcement', {
    variable: 'finalizing',
    find: `\n&& !(${touched(IMAGE_TO_SYNC)})`,
    replace: '',
  }),
  weakening('reads-the-first-at', 'announcement/value/two-at-good-first', {
    variable: 'announced',
    find: 'variables.value.substring(variables.value.lastIndexOf("@") + 1)',
    replace: 'variables.value.split("@")[1]',
  }),
  weakening('takes-a-part-of-a-digest', 'announcement/value/a-digit-short', {
    variable: 'passes',
    find: 'variables.announced in variables.approved',
    replace: 'variables.approved.exists(one, one.startsWith(variables.announced))',
  }),
  weakening('takes-empty-items', 'approval-text/two-spaces', {
    variable: 'passes',
    find: '\n&& !("" in variables.approved)',
    replace: '',
  }),
  weakening('takes-long-lists', 'approval-text/fifth', {
    variable: 'passes',
    find: 'size(variables.approved) <= 4',
    replace: 'true',
  }),
  weakening('takes-latest', 'chart-name/range-0-latest', {
    variable: 'passes',
    find: ' && !variables.latest',
    replace: '',
  }),
  weakening('takes-all-of-the-glass', 'break-glass/text/second-item', {
    variable: 'passes',
    find: 'variables.announced == variables.glass',
    replace:
      'variables.annotations[?"countersign.dev/break-glass"].orValue("").contains(variables.announced)',
  }),
  weakening('takes-long-holds', 'hold/one-too-many', {
    variable: 'hold',
    gate: 'open',
    replace: '""',
  }),
  weakening('knows-every-key-of-ours', 'hold/beside-an-unknown-key', {
    variable: 'stray',
    gate: 'open',
    replace: '[]',
  }),
  weakening('takes-charts-of-another-spec', 'chart-swap/pulled-before-the-spec-is-back', {
    variable: 'passes',
    find: ' && !variables.unsettled',
    replace: '',
  }),
  weakening('takes-charts-not-observed', 'chart-swap/never-observed', {
    variable: 'settled',
    find: 'object.?status.?observedGeneration.orValue(0) == object.metadata.?generation.orValue(-1)',
    replace: 'true',
  }),
  weakening('takes-charts-during-a-roll-out', 'chart-swap/pulled-before-the-spec-is-back', {
    variable: 'settled',
    find: 'one.?type.orValue("") == "Reconciling"',
    replace: 'false',
  }),
  weakening('judges-changes-only', 'announcement/withdrawn/everything', {
    variable: 'judged',
    find: '"countersign.dev/approved" in variables.annotations',
    replace: 'false',
  }),
  weakening('judges-reconcilers-only', 'announcement/tenant/v1beta1/merge', {
    variable: 'judged',
    find: `(${touched(IMAGE_TO_SYNC)} ||`,
    replace: `(${touched(IMAGE_TO_SYNC)} && variables.own ||`,
  }),
  weakening('forgets-older-charts', 'chart-swap/older-than-the-gate-and-swapped', {
    variable: 'judged',
    find: '(!variables.settled || !variables.sameChart)',
    replace: 'false',
  }),
  weakening('forgets-the-suffix', 'name-collision/own/named/again', {
    variable: 'own',
    find: ' + "-" + string(size(object.metadata.name))',
    replace: '',
  }),
  weakening('takes-other-schemes', 'other-source/upper-case-scheme/create', {
    variable: 'kind',
    find: 'variables.repo.startsWith',
    replace: 'variables.repo.lowerAscii().startsWith',
  }),
  weakening('takes-old-git', 'other-source/git/attempt', {
    variable: 'silentJudged',
    find: 'variables.own || ',
    replace: '',
  }),
  weakening('takes-moves-to-git', 'other-source/git/merge', {
    variable: 'silentJudged',
    find: ' || !variables.sameSpec',
    replace: '',
  }),
  weakening('takes-unplain-names', 'announcement/under-open/unplain-spelling', {
    gate: 'open',
    variable: 'inScope',
    find: ' || !variables.plain',
    replace: '',
  }),
  weakening('takes-any-number', 'size/crowded/merge', {
    variable: 'crowded',
    replace: 'false',
  }),
  weakening('lets-keys-go', 'removed-key/unknown/merge', {
    variable: 'stray',
    find: '!(key in variables.annotations)',
    replace: 'false',
  }),
  weakening('unleashes-finalizers', 'leash/finalizer-added/gate', {
    variable: 'metadataKept',
    find: ' && variables.finalizersKept',
    replace: '',
  }),
  weakening('unleashes-labels', 'leash/label-changed/gate', {
    variable: 'metadataKept',
    find: 'object.metadata.?labels.orValue({}) == oldObject.metadata.?labels.orValue({})',
    replace: 'true',
  }),
  weakening('unleashes-owners', 'leash/owner-added/gate', {
    variable: 'metadataKept',
    find: 'object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([])',
    replace: 'true',
  }),
  weakening('unleashes-spec', 'leash/dir/gate', {
    variable: 'leashed',
    find: ' && variables.sameSpec',
    replace: '',
  }),
  weakening('unleashes-spec-under-pin', 'leash/dir/pin', {
    gate: 'pin',
    variable: 'specKept',
    replace: 'true',
  }),
  weakening('pins-other-repositories', 'pin/image/other-path', {
    gate: 'pin',
    variable: 'imagePinned',
    replace: 'variables.image.matches("@sha256:[0-9a-f]{64}$")',
  }),
  weakening('pins-ranges', 'pin/version/0', {
    gate: 'pin',
    variable: 'versionPinned',
    replace: 'true',
  }),
  weakening('pins-where-the-config-does-not', 'pin/pins-where-an-earlier-entry-does-not', {
    gate: 'pin',
    variable: 'pinned',
    replace: 'true',
  }),
  weakening('frees-other-tags', 'pin/freed/other-tag', {
    gate: 'back',
    variable: 'imageFreed',
    find: 'variables.image == variables.oldName',
    replace: 'variables.image.startsWith("us-docker.pkg.dev/acme/configs/platform:")',
  }),
  weakening('frees-what-is-pinned-for-good', 'pin/freed/under-pin', {
    gate: 'back',
    variable: 'imageFreed',
    replace: 'variables.image == variables.oldName',
  }),
];
