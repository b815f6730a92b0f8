import type { Kind } from './kinds.ts';
import type { Cause } from './status.ts';
import type { Metadata } from './store.ts';

/** A form of names; `says` words it as `k8s.io/apimachinery/pkg/util/validation` does. */
interface Form {
  readonly pattern: RegExp;
  readonly longest: number;
  readonly says: string;
}

const LABEL: Form = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  longest: 63,
  says: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
};
const SUBDOMAIN: Form = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  longest: 253,
  says: String.raw`a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
};
const QUALIFIED: Form = {
  pattern: /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/,
  longest: 63,
  says: "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
};
const LABEL_VALUE: Form = {
  pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
  longest: 63,
  says: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
};
const DATA_KEY: Form = {
  pattern: /^[-._a-zA-Z0-9]+$/,
  longest: 253,
  says: "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
};

/** Finalizers of Kubernetes' own that may be without a domain. */
const PLAIN_FINALIZERS = ['foregroundDeletion', 'kubernetes', 'orphan'];

/** What is wrong with the name of an object. */
export function findBadName({ kind }: Kind, { name }: Metadata): Cause[] {
  const isLabel = kind === 'Namespace';
  if (isLabel && name.includes('.')) return judge('metadata.name', name, 'must not contain dots');
  return judge('metadata.name', name, whatIsWrong(isLabel ? LABEL : SUBDOMAIN, name));
}

/** What is wrong with the keys and values in the metadata of an object. */
export function findBadKeys({ custom }: Kind, metadata: Metadata): Cause[] {
  const { labels = {}, annotations = {}, finalizers = [] } = metadata;
  return [
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...judge('metadata.labels', key, whatIsWrongWithKey(key)),
      ...judge('metadata.labels', value, whatIsWrong(LABEL_VALUE, value)),
    ]),
    ...Object.keys(annotations).flatMap((key) =>
      judge('metadata.annotations', key, whatIsWrongWithKey(key.toLowerCase())),
    ),
    ...finalizers.flatMap((name, at) => [
      ...judge('metadata.finalizers', name, whatIsWrongWithKey(name)),
      ...(custom ? [] : judge(`metadata.finalizers[${at}]`, name, whatIsPlain(name))),
    ]),
  ];
}

function whatIsPlain(name: string): string | undefined {
  if (name.includes('/') || PLAIN_FINALIZERS.includes(name)) return undefined;
  return 'name is neither a standard finalizer name nor is it fully qualified';
}

/** What an object's owners must say of themselves. */
export function findBadOwners({ ownerReferences = [] }: Metadata): Cause[] {
  const says = {
    apiVersion: 'version must not be empty',
    kind: MISSING,
    name: MISSING,
    uid: MISSING,
  };
  return ownerReferences.flatMap((owner) =>
    Object.entries(says).flatMap(([field, wrong]) =>
      judge(`metadata.ownerReferences.${field}`, '', owner[field] ? undefined : wrong),
    ),
  );
}

const MISSING = 'must not be empty';

/** What is wrong with the key of a ConfigMap's or a Secret's data. */
export function findBadDataKey(field: string, key: string): Cause[] {
  return judge(`${field}[${key}]`, key, whatIsWrong(DATA_KEY, key) ?? whatLeadsOut(key));
}

/** A key is a file's name in a pod. */
function whatLeadsOut(key: string): string | undefined {
  if (key === '.' || key === '..') return `must not be '${key}'`;
  return key.startsWith('..') ? "must not start with '..'" : undefined;
}

/** A name that may have the prefix of a domain. */
function whatIsWrongWithKey(key: string): string | undefined {
  const [name = '', prefix, more] = key.split('/').toReversed();
  if (more !== undefined) {
    const plain = QUALIFIED.says.slice('name part '.length);
    return `a qualified name ${plain} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  }
  const wrong = prefix === undefined ? undefined : whatIsWrong(SUBDOMAIN, prefix);
  if (wrong !== undefined) return `prefix part ${wrong}`;
  const text = whatIsWrong(QUALIFIED, name);
  return text?.startsWith('must') === true ? `name part ${text}` : text;
}

function whatIsWrong({ pattern, longest, says }: Form, text: string): string | undefined {
  if (Buffer.byteLength(text) > longest) return `must be no more than ${longest} characters`;
  return pattern.test(text) ? undefined : says;
}

function judge(field: string, value: string, wrong: string | undefined): Cause[] {
  if (wrong === undefined) return [];
  const message = `Invalid value: ${JSON.stringify(value)}: ${wrong}`;
  return [{ reason: 'FieldValueInvalid', message, field }];
}
