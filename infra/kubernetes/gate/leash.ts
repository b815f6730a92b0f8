import { APPROVED, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { celList } from './cel.ts';
import type { Variable } from './scope.ts';

/** The longest reference that is read, with a digest. */
const MAX_PINNED = 1024 + 72;
const OWN_KEYS = celList([APPROVED, RECEIPT, IMAGE_TO_SYNC]);

/**
 * That everything but our own annotations and `spec` is as it was. Of an object with more annotations than can be
 * compared one by one, their number has to stay, so that a withdrawal passes.
 */
const metadataKept = [
  'oldObject != null && variables.finalizersKept',
  'object.metadata.?labels.orValue({}) == oldObject.metadata.?labels.orValue({})',
  'object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([])',
  `(variables.sameAnnotations || (variables.crowded || variables.oldCrowded ? variables.others == variables.oldOthers
: ${sameBut(OWN_KEYS, 'variables.annotations', 'variables.oldAnnotations')}))`,
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
  `size(variables.image) <= ${MAX_PINNED} && variables.image.matches("@sha256:[0-9a-f]{64}$")`,
  'variables.image.substring(0, variables.image.lastIndexOf("@")) in [variables.oldName, variables.oldName.lastIndexOf(":") > variables.oldName.lastIndexOf("/") ? variables.oldName.substring(0, variables.oldName.lastIndexOf(":")) : variables.oldName]',
].join(' && ');

const versionPinned = `variables.oldVersion != "" && variables.exact`;

/** What docs/design.md#law-10 is judged by; `pinned` says in CEL whether the config pins the image at all. */
export function leashVariables(pinned: string): readonly Variable[] {
  const kept: Variable = { name: 'metadataKept', expression: metadataKept };
  if (pinned === 'false') {
    return [kept, { name: 'leashed', expression: 'variables.metadataKept && variables.sameSpec' }];
  }
  return [
    kept,
    { name: 'spec', expression: 'object.?spec.orValue({})' },
    { name: 'oldSpec', expression: 'oldObject == null ? {} : oldObject.?spec.orValue({})' },
    { name: 'oldImage', expression: 'variables.oldSpec.?oci.?image.orValue("")' },
    { name: 'oldName', expression: 'variables.oldImage.split("@", 2)[0]' },
    { name: 'oldVersion', expression: 'variables.oldSpec.?helm.?version.orValue("")' },
    { name: 'specKept', expression: specKept },
    { name: 'pinned', expression: `variables.plain && ${pinned}` },
    { name: 'imagePinned', expression: imagePinned },
    { name: 'versionPinned', expression: versionPinned },
    {
      name: 'leashed',
      expression: `variables.metadataKept && (variables.sameSpec || variables.specKept && variables.pinned
&& (variables.image == variables.oldImage || variables.imagePinned)
&& (variables.version == variables.oldVersion || variables.versionPinned))`,
    },
  ];
}

/** Two maps that agree in every key but `keys`. */
function sameBut(keys: string, map: string, old: string): string {
  return `${map}.all(key, key in ${keys} || ${map}[?key] == ${old}[?key]) && ${old}.all(key, key in ${keys} || key in ${map})`;
}
