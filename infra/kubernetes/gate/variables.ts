import { APPROVED, BREAK_GLASS, HOLD, IMAGE_TO_SYNC, RECEIPT } from '#shared/core/annotations.ts';
import { celList, celString } from './cel.ts';
import type { Variables } from './scope.ts';

/** Annotations that an RSync may have beside those that the gate knows; real ones have about twenty. */
export const MAX_ANNOTATIONS = 256;
export const OWN_PREFIX = 'countersign.dev/';

/** Characters of a tenant's text that a denial repeats. */
const MAX_SHOWN = 512;
/** Items of `countersign.dev/approved`: as many as Countersign writes (`shared/core/annotations.ts`). */
const MAX_APPROVED = 4;
/** Conditions of a status that are looked through; Config Sync writes five types. */
const MAX_CONDITIONS = 32;
/** One exact version: `latest` and ranges are none. */
const EXACT_VERSION = String.raw`^v?[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`;
const MAX_VERSION = 128;

const KEYS = [APPROVED, RECEIPT, BREAK_GLASS, HOLD];
const COUNTED_APART = celList([...KEYS, IMAGE_TO_SYNC]);

/** Whether the key is added, changed or removed by this write. */
export function touched(key: string): string {
  const literal = celString(key);
  return `variables.annotations[?${literal}] != variables.oldAnnotations[?${literal}]`;
}

/**
 * Both sides' metadata, with absent parts as empty: reading an absent one raises, and would deny. Maps are compared as
 * wholes: a comprehension over a map costs the square of its size (cel-go's cost tracker looks through a stack that
 * grows with each step), so there is none over more than `MAX_ANNOTATIONS`.
 */
export const metadataVariables: Variables = {
  annotations: 'object.metadata.?annotations.orValue({})',
  oldAnnotations: 'oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})',
  sameAnnotations: 'oldObject != null && variables.annotations == variables.oldAnnotations',
  others: others('variables.annotations'),
  oldOthers: others('variables.oldAnnotations'),
  crowded: `variables.others > ${MAX_ANNOTATIONS}`,
  oldCrowded: `variables.oldOthers > ${MAX_ANNOTATIONS}`,
  hold: `variables.annotations[?${celString(HOLD)}].orValue("")`,
  // Keys under our prefix that have no meaning, and are added, changed or removed.
  stray: lines(
    `variables.sameAnnotations ? [] : (variables.crowded ? []`,
    `: variables.annotations.filter(key, ${isStray('key')} && variables.annotations[?key] != variables.oldAnnotations[?key]))`,
    `+ (variables.oldCrowded ? []`,
    `: variables.oldAnnotations.filter(key, ${isStray('key')} && !(key in variables.annotations)))`,
  ),
  finalizersKept:
    'oldObject != null && object.metadata.?finalizers.orValue([]) == oldObject.metadata.?finalizers.orValue([])',
  sameSpec: 'oldObject != null && object.?spec.orValue({}) == oldObject.?spec.orValue({})',
  // What an object on its way out is exempt for: its finalizers go, and nothing else that is judged here changes.
  // The old object's timestamp counts, for a client can write anything into the new one. Config Sync stops its
  // parser before it removes its own finalizer; an announcement never changes finalizers.
  finalizing: lines(
    'oldObject != null && has(oldObject.metadata.deletionTimestamp) && !variables.finalizersKept && variables.sameSpec',
    ...[IMAGE_TO_SYNC, ...KEYS].map((key) => `&& !(${touched(key)})`),
  ),
  // The user that syncs the object (Config Sync's `pkg/core/names.go`).
  own: lines(
    `request.userInfo.username == "system:serviceaccount:config-management-system:" + (object.kind == "RootSync"`,
    `? (object.metadata.name == "root-sync" ? "root-reconciler" : "root-reconciler-" + object.metadata.name)`,
    `: "ns-reconciler-" + object.metadata.namespace + (object.metadata.name == "repo-sync" ? ""`,
    `: "-" + object.metadata.name + "-" + string(size(object.metadata.name))))`,
  ),
  place: 'object.kind + " " + object.metadata.namespace + "/" + object.metadata.name',
};

/** Where the configuration comes from; tenants choose every character of it. */
export const sourceVariables: Variables = {
  sourceType: 'object.?spec.?sourceType.orValue("git")',
  image: 'object.?spec.?oci.?image.orValue("")',
  repo: 'object.?spec.?helm.?repo.orValue("")',
  chart: 'object.?spec.?helm.?chart.orValue("")',
  version: 'object.?spec.?helm.?version.orValue("")',
  // As Config Sync decides it: only these two announce what they sync.
  kind: lines(
    'variables.sourceType == "oci" ? "image"',
    ': variables.sourceType == "helm" && variables.repo.startsWith("oci://") ? "chart" : "other"',
  ),
  exact: `size(variables.version) <= ${MAX_VERSION} && variables.version.matches("${EXACT_VERSION}")`,
  // A chart's announcement does not say which chart, so it counts only while the pod that sends it runs the present
  // spec: reconciler-manager has seen this generation, and its roll-out, which ends the old pod first, is over.
  settled: lines(
    'object.?status.?observedGeneration.orValue(0) == object.metadata.?generation.orValue(-1)',
    // Looking through a list takes the square of its length, and others may write status: bounded first.
    `&& size(object.?status.?conditions.orValue([])) <= ${MAX_CONDITIONS}`,
    '&& !object.?status.?conditions.orValue([]).exists(one, one.?type.orValue("") == "Reconciling" && one.?status.orValue("") == "True")',
  ),
  unsettled: 'variables.own && variables.kind == "chart" && !variables.settled',
  // The chart that was synced last is the one that the spec names.
  sameChart: lines(
    'object.?status.?sync.?helmStatus.?chart.orValue("") == variables.chart',
    '&& object.?status.?sync.?helmStatus.?repo.orValue("") == variables.repo',
  ),
};

/** What Config Sync says that it is about to run. */
export const announcementVariables: Variables = {
  value: `variables.annotations[?${celString(IMAGE_TO_SYNC)}].orValue("")`,
  // It is of the source that the spec names, to the letter.
  bound: lines(
    'variables.kind == "image" ? variables.value.startsWith(variables.image + "@")',
    ': variables.kind == "chart" && variables.value.startsWith(variables.repo + "@sha256:")',
  ),
  // As approvals name it: what stands after the last "@", for a pinned image is written "x@sha256:a@sha256:a"; of
  // a chart repository, name and version, and only under the repository that the spec names.
  announced: lines(
    `variables.kind != "chart"`,
    `? (variables.value.lastIndexOf("@") > 0 ? variables.value.substring(variables.value.lastIndexOf("@") + 1) : "")`,
    `: variables.bound && size(variables.value) > size(variables.repo) + 8`,
    `? variables.repo.substring(6) + "/" + variables.chart + ":" + variables.value.substring(size(variables.repo) + 8)`,
    `: ""`,
  ),
  // The word stays the same for ever, whatever the repository serves under it.
  latest: `variables.kind == "chart" && variables.announced.endsWith(":latest")`,
  cut: lines(`variables.announced == "" ? variables.value : variables.announced`),
  // One line of printable ASCII: it is a tenant's text, and ends in people's terminals.
  shown: lines(
    `!variables.cut.substring(0, size(variables.cut) > ${MAX_SHOWN} ? ${MAX_SHOWN} : size(variables.cut)).matches("^[!-~]+$")`,
    `? "the announced image" : size(variables.cut) > ${MAX_SHOWN}`,
    `? variables.cut.substring(0, ${MAX_SHOWN}) + "…" : variables.cut`,
  ),
};

/** Whether the announcement is judged, and may pass. */
export const passVariables: Variables = {
  // The own reconciler's writes where there is an approval, unchanged ones too (a withdrawn digest arrives
  // unchanged), and those of a chart that can be another than the one that was synced last; every user's changes.
  judged: lines(
    `variables.inScope && !variables.finalizing && ${celString(IMAGE_TO_SYNC)} in variables.annotations`,
    `&& (${touched(IMAGE_TO_SYNC)} || variables.own && (${celString(APPROVED)} in variables.annotations`,
    `|| variables.kind == "chart" && (!variables.settled || !variables.sameChart)))`,
  ),
  // One item more than there may be, so that what is over shows.
  approved: `variables.annotations[?${celString(APPROVED)}].orValue("").split(" ", ${MAX_APPROVED + 1})`,
  glass: `variables.annotations[?${celString(BREAK_GLASS)}].orValue("").split(" ", 2)[0]`,
  // The list is taken as Countersign writes it or not at all.
  passes: lines(
    `variables.announced != "" && !variables.latest && !variables.unsettled`,
    `&& (variables.announced == variables.glass || size(variables.approved) <= ${MAX_APPROVED}`,
    `&& !("" in variables.approved) && variables.announced in variables.approved)`,
  ),
};

/** Sources that announce nothing: judged when they are made or changed, and at each attempt of the reconciler. */
export const silentVariables: Variables = {
  silentJudged: lines(
    'variables.kind == "other" && !variables.finalizing',
    '&& (oldObject == null || variables.own || !variables.sameSpec)',
  ),
  // Break-glass names the repository to the letter: such a source has no digest.
  silentPasses: lines(
    'variables.glass != "" && variables.glass == (variables.sourceType == "helm"',
    '? variables.repo : object.?spec.?git.?repo.orValue(""))',
  ),
};

function others(map: string): string {
  return `size(${map}) - size(${COUNTED_APART}.filter(key, key in ${map}))`;
}

function isStray(key: string): string {
  return `${key}.startsWith(${celString(OWN_PREFIX)}) && !(${key} in ${celList(KEYS)})`;
}

/** One expression over several lines of the rendered policy. */
function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

/**
 * The spellings that Countersign can read (`shared/core/reference.ts`), as RE2 for the API server. Clients accept
 * more (`host.`, `host:0443`, letters that IDNA maps to ASCII, `//` and `..` in paths), and each of these is another
 * name of some image: what is not spelled plainly is judged, whatever the scope.
 */
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const PORT = ':[1-9][0-9]{0,4}';
/** A first segment is a host where it has a dot or a port; else it is a path on Docker Hub. */
const HOST = `(?:${LABEL}(?:\\.${LABEL})+|(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])${PORT}|\\[[0-9A-Fa-f:]+\\])`;
const SEGMENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
/** What has a dot before the first slash is dialled, so it has to be a host. */
const DOTLESS = '[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*';
const PATH = `${SEGMENT}(?:/${SEGMENT})*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
const DIGEST = 'sha256:[0-9a-f]{64}';

/** `spec.oci.image`. */
export const PLAIN_IMAGE = `^(?:(?:${HOST}|${DOTLESS})/${PATH}|${SEGMENT})(?::${TAG})?(?:@${DIGEST})?$`;
/** `<spec.helm.repo without oci://>/<spec.helm.chart>`: Helm takes the first segment for the host always. */
export const PLAIN_CHART = `^${HOST}/${PATH}$`;

/** As `parseReference` has it. */
const MAX_REFERENCE = 1024;

/** `host/path` as `parseReference` normalises it, where the spelling is plain. */
export const repositoryVariables: Variables = {
  reference: lines(
    `variables.kind == "image" ? variables.image`,
    `: variables.kind == "chart" ? variables.repo.substring(6) + "/" + variables.chart : ""`,
  ),
  plain: lines(
    `size(variables.reference) <= ${MAX_REFERENCE} && (variables.kind == "chart"`,
    `? variables.reference.matches(${celString(PLAIN_CHART)})`,
    `: variables.reference.matches(${celString(PLAIN_IMAGE)}))`,
  ),
  undigested: 'variables.reference.split("@", 2)[0]',
  untagged: lines(
    `variables.undigested.lastIndexOf(":") > variables.undigested.lastIndexOf("/")`,
    `? variables.undigested.substring(0, variables.undigested.lastIndexOf(":")) : variables.undigested`,
  ),
  first: 'variables.untagged.split("/", 2)[0]',
  hosted: lines(
    `variables.untagged.contains("/") && (variables.first.contains(".")`,
    `|| variables.first.contains(":"))`,
  ),
  portless: lines(
    `!variables.hosted ? "docker.io" : variables.first.endsWith(":443")`,
    `? variables.first.substring(0, size(variables.first) - 4).lowerAscii() : variables.first.lowerAscii()`,
  ),
  host: lines(
    `variables.portless in ["docker.io", "registry-1.docker.io"]`,
    `? "index.docker.io" : variables.portless`,
  ),
  path: lines(
    `variables.hosted ? variables.untagged.substring(size(variables.first) + 1) : variables.untagged`,
  ),
  repository: lines(
    `variables.host + (variables.host == "index.docker.io" && !variables.path.contains("/")`,
    `? "/library/" : "/") + variables.path`,
  ),
};
