import { APPROVED, BREAK_GLASS } from '#shared/core/annotations.ts';
import { IMAGE_TO_SYNC } from '#shared/core/image-to-sync.ts';
import { celString } from './cel.ts';
import { PLAIN_CHART, PLAIN_IMAGE } from './plain-reference.ts';
import type { Variable } from './scope.ts';

/** Characters of a tenant's text that a denial repeats. */
const MAX_SHOWN = 512;
/** As `parseReference` has it. */
const MAX_REFERENCE = 1024;

/** Both sides' annotations, with absent maps as empty: reading an absent one raises, and would deny (facts/gate.md). */
export const annotationVariables: readonly Variable[] = [
  { name: 'annotations', expression: 'object.metadata.?annotations.orValue({})' },
  {
    name: 'oldAnnotations',
    expression: 'oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})',
  },
];

/** The user that syncs the object: facts/config-sync.md section 6. */
const reconciler: Variable = {
  name: 'reconciler',
  expression: lines(
    `"system:serviceaccount:config-management-system:" + (object.kind == "RootSync"`,
    `? (object.metadata.name == "root-sync" ? "root-reconciler" : "root-reconciler-" + object.metadata.name)`,
    `: "ns-reconciler-" + object.metadata.namespace + (object.metadata.name == "repo-sync" ? ""`,
    `: "-" + object.metadata.name + "-" + string(size(object.metadata.name))))`,
  ),
};

/** Where the configuration comes from; tenants choose every character of it. */
export const sourceVariables: readonly Variable[] = [
  { name: 'sourceType', expression: 'object.?spec.?sourceType.orValue("git")' },
  { name: 'image', expression: 'object.?spec.?oci.?image.orValue("")' },
  { name: 'repo', expression: 'object.?spec.?helm.?repo.orValue("")' },
  { name: 'chart', expression: 'object.?spec.?helm.?chart.orValue("")' },
];

/** What Config Sync says that it is about to run, and whether that may pass. */
export const imageVariables: readonly Variable[] = [
  reconciler,
  { name: 'value', expression: `variables.annotations[?${celString(IMAGE_TO_SYNC)}].orValue("")` },
  {
    // As approvals name it: what stands after the last "@", for a pinned image is written "x@sha256:a@sha256:a"; of
    // a chart repository, name and version, and only under the repository that the spec names.
    name: 'announced',
    expression: lines(
      `variables.sourceType != "helm"`,
      `? (variables.value.lastIndexOf("@") > 0 ? variables.value.substring(variables.value.lastIndexOf("@") + 1) : "")`,
      `: variables.repo.startsWith("oci://")`,
      `&& variables.value.startsWith(variables.repo + "@sha256:")`,
      `&& size(variables.value) > size(variables.repo) + 8`,
      `? variables.repo.substring(6) + "/" + variables.chart + ":" + variables.value.substring(size(variables.repo) + 8)`,
      `: ""`,
    ),
  },
  {
    // The word stays the same for ever, whatever the repository serves under it.
    name: 'latest',
    expression: `variables.sourceType == "helm" && variables.announced.endsWith(":latest")`,
  },
  {
    name: 'passes',
    expression: lines(
      `variables.announced != "" && !variables.latest`,
      `&& (variables.announced in variables.annotations[?${celString(APPROVED)}].orValue("").split(" ")`,
      `|| variables.announced == variables.annotations[?${celString(BREAK_GLASS)}].orValue("").split(" ")[0])`,
    ),
  },
  {
    name: 'told',
    expression: 'variables.announced == "" ? variables.value : variables.announced',
  },
  {
    name: 'shown',
    expression: lines(
      `size(variables.told) > ${MAX_SHOWN}`,
      `? variables.told.substring(0, ${MAX_SHOWN}) + "…" : variables.told`,
    ),
  },
  {
    name: 'place',
    expression: 'object.kind + " " + object.metadata.namespace + "/" + object.metadata.name',
  },
];

/** `host/path` as `parseReference` normalises it, where the spelling is plain. */
export const repositoryVariables: readonly Variable[] = [
  {
    name: 'reference',
    expression: lines(
      `variables.sourceType == "oci" ? variables.image`,
      `: variables.sourceType == "helm" && variables.repo.startsWith("oci://")`,
      `? variables.repo.substring(6) + "/" + variables.chart : ""`,
    ),
  },
  {
    name: 'plain',
    expression: lines(
      `size(variables.reference) <= ${MAX_REFERENCE} && (variables.sourceType == "helm"`,
      `? variables.reference.matches(${celString(PLAIN_CHART)})`,
      `: variables.reference.matches(${celString(PLAIN_IMAGE)}))`,
    ),
  },
  { name: 'undigested', expression: 'variables.reference.split("@")[0]' },
  {
    name: 'untagged',
    expression: lines(
      `variables.undigested.lastIndexOf(":") > variables.undigested.lastIndexOf("/")`,
      `? variables.undigested.substring(0, variables.undigested.lastIndexOf(":")) : variables.undigested`,
    ),
  },
  { name: 'first', expression: 'variables.untagged.split("/")[0]' },
  {
    name: 'hosted',
    expression: lines(
      `variables.untagged.contains("/") && (variables.first.contains(".")`,
      `|| variables.first.contains(":") || variables.first == "localhost")`,
    ),
  },
  {
    name: 'portless',
    expression: lines(
      `!variables.hosted ? "docker.io" : variables.first.endsWith(":443")`,
      `? variables.first.substring(0, size(variables.first) - 4).lowerAscii() : variables.first.lowerAscii()`,
    ),
  },
  {
    name: 'host',
    expression: lines(
      `variables.portless in ["docker.io", "registry-1.docker.io"]`,
      `? "index.docker.io" : variables.portless`,
    ),
  },
  {
    name: 'path',
    expression: lines(
      `variables.hosted ? variables.untagged.substring(size(variables.first) + 1) : variables.untagged`,
    ),
  },
  {
    name: 'repository',
    expression: lines(
      `variables.host + (variables.host == "index.docker.io" && !variables.path.contains("/")`,
      `? "/library/" : "/") + variables.path`,
    ),
  },
];

function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}
