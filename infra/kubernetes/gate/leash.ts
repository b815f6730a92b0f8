import { APPROVED, RECEIPT } from '#shared/core/annotations.ts';
import { IMAGE_TO_SYNC } from '#shared/core/image-to-sync.ts';
import { celList } from './cel.ts';
import type { Variable } from './scope.ts';

const OWN_KEYS = celList([APPROVED, RECEIPT, IMAGE_TO_SYNC]);
/** One exact version: `latest` and ranges are none. */
const EXACT_VERSION = String.raw`^v?[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`;

/** That everything but our own annotations and `spec` is as it was. */
const metadataKept = [
  ...['labels', 'finalizers', 'ownerReferences'].map((field) => {
    const none = field === 'labels' ? '{}' : '[]';
    return `object.metadata.?${field}.orValue(${none}) == oldObject.metadata.?${field}.orValue(${none})`;
  }),
  `variables.annotations.all(key, key in ${OWN_KEYS} || variables.annotations[?key] == variables.oldAnnotations[?key])`,
  `variables.oldAnnotations.all(key, key in ${OWN_KEYS} || key in variables.annotations)`,
].join('\n&& ');

/** That `spec` is as it was, except for one field in each of two places, judged below. */
const specKept = [
  sameBut('["oci", "helm"]', 'variables.spec', 'variables.oldSpec'),
  sameBut('["image"]', 'variables.spec.?oci.orValue({})', 'variables.oldSpec.?oci.orValue({})'),
  sameBut('["version"]', 'variables.spec.?helm.orValue({})', 'variables.oldSpec.?helm.orValue({})'),
  'has(variables.spec.oci) == has(variables.oldSpec.oci)',
  'has(variables.spec.helm) == has(variables.oldSpec.helm)',
].join('\n&& ');

/** The repository and its tag stay as written; the tag alone may go, for a digest says it all. */
const imagePinned = [
  'variables.image.matches("@sha256:[0-9a-f]{64}$")',
  'variables.image.substring(0, variables.image.lastIndexOf("@")) in [variables.oldName, variables.oldName.lastIndexOf(":") > variables.oldName.lastIndexOf("/") ? variables.oldName.substring(0, variables.oldName.lastIndexOf(":")) : variables.oldName]',
].join(' && ');

const versionPinned = `variables.oldVersion != "" && variables.version.matches("${EXACT_VERSION}")`;

/** What law 10 of the design is judged by; `pinned` says in CEL whether the config pins the image at all. */
export function leashVariables(pinned: string): readonly Variable[] {
  const kept: Variable = {
    name: 'metadataKept',
    expression: `oldObject != null && ${metadataKept}`,
  };
  if (pinned === 'false') {
    return [
      kept,
      { name: 'leashed', expression: 'variables.metadataKept && object.spec == oldObject.spec' },
    ];
  }
  return [
    kept,
    { name: 'spec', expression: 'object.?spec.orValue({})' },
    { name: 'oldSpec', expression: 'oldObject == null ? {} : oldObject.?spec.orValue({})' },
    { name: 'oldImage', expression: 'variables.oldSpec.?oci.?image.orValue("")' },
    { name: 'oldName', expression: 'variables.oldImage.split("@")[0]' },
    { name: 'version', expression: 'variables.spec.?helm.?version.orValue("")' },
    { name: 'oldVersion', expression: 'variables.oldSpec.?helm.?version.orValue("")' },
    { name: 'specKept', expression: specKept },
    { name: 'pinned', expression: `variables.plain && ${pinned}` },
    { name: 'imagePinned', expression: imagePinned },
    { name: 'versionPinned', expression: versionPinned },
    {
      name: 'leashed',
      expression: `variables.metadataKept && (variables.spec == variables.oldSpec || variables.specKept && variables.pinned
&& (variables.image == variables.oldImage || variables.imagePinned)
&& (variables.version == variables.oldVersion || variables.versionPinned))`,
    },
  ];
}

/** Two maps that agree in every key but `keys`. */
function sameBut(keys: string, map: string, old: string): string {
  return `${map}.all(key, key in ${keys} || ${map}[?key] == ${old}[?key]) && ${old}.all(key, key in ${keys} || key in ${map})`;
}
