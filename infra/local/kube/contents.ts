import { isDeepStrictEqual } from 'node:util';
import { parseJson } from '#shared/net/json.ts';
import type { Kind } from './kinds.ts';
import { findBadDataKey } from './names.ts';
import type { Cause } from './status.ts';
import { isRecord, type KubeObject } from './store.ts';

/** What a Secret of a type has at least (`pkg/apis/core/validation`). */
const REQUIRED: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
]);
/** Of them it has one at least. */
const BASIC_AUTH = ['username', 'password'];
/** What is a JSON object in a Secret of a type. */
const DOCKER_CONFIGS: ReadonlyMap<unknown, string> = new Map([
  ['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
  ['kubernetes.io/dockercfg', '.dockercfg'],
]);
const ACCOUNT = 'kubernetes.io/service-account.name';
/** All values together: 1 MiB, apimachinery's MaxSecretSize. */
const MAX_BYTES = 1024 * 1024;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is wrong with the data of a ConfigMap or a Secret. */
export function findBadContents({ kind }: Kind, object: KubeObject): Cause[] {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
  const [texts, bytes] = ['data', 'binaryData'].map((field) => keysOf(object[field]));
  const twice = bytes?.filter((key) => texts?.includes(key)) ?? [];
  return [
    ...(texts ?? []).flatMap((key) => findBadDataKey('data', key)),
    ...(bytes ?? []).flatMap((key) => findBadDataKey('binaryData', key)),
    ...twice.map((key) => ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(key)}: duplicate of key present in binaryData`,
      field: `data[${key}]`,
    })),
    ...findTooMuch(kind, object),
    ...(kind === 'Secret' ? findBadSecret(object, texts ?? []) : []),
  ];
}

function findTooMuch(kind: string, { data, binaryData }: KubeObject): Cause[] {
  const isSecret = kind === 'Secret';
  const size = sizeOf(data, isSecret ? 'base64' : 'utf8') + sizeOf(binaryData, 'base64');
  if (size <= MAX_BYTES) return [];
  const message = `Too long: may not be more than ${MAX_BYTES} bytes`;
  // Of a ConfigMap the whole object is too large, which the real one writes so.
  return [{ reason: 'FieldValueTooLong', message, field: isSecret ? 'data' : '[]' }];
}

function sizeOf(values: unknown, encoding: BufferEncoding): number {
  const texts = isRecord(values) ? Object.values(values) : [];
  return texts.reduce<number>((sum, text) => sum + Buffer.byteLength(String(text), encoding), 0);
}

function findBadSecret({ type, data, metadata }: KubeObject, keys: readonly string[]): Cause[] {
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[ACCOUNT]) {
    const field = `metadata.annotations[${ACCOUNT}]`;
    return [{ reason: 'FieldValueRequired', message: 'Required value', field }];
  }
  const missing = findMissing(type, keys);
  const key = DOCKER_CONFIGS.get(type);
  if (missing.length > 0 || key === undefined || !isRecord(data)) return missing;
  if (isRecord(parseJson(Buffer.from(String(data[key]), 'base64')))) return [];
  const message = 'Invalid value: "<secret contents redacted>": it is no JSON object';
  return [{ reason: 'FieldValueInvalid', message, field: `data[${key}]` }];
}

function findMissing(type: unknown, keys: readonly string[]): Cause[] {
  const hasOne = BASIC_AUTH.some((key) => keys.includes(key));
  const required =
    type === 'kubernetes.io/basic-auth' && !hasOne ? BASIC_AUTH : (REQUIRED.get(type) ?? []);
  return required
    .filter((key) => !keys.includes(key))
    .map((key) => ({
      reason: 'FieldValueRequired',
      message: 'Required value',
      field: `data[${key}]`,
    }));
}

/** A ConfigMap or Secret that is immutable stays so, with what is in it; the type of a Secret never changes. */
export function findBadChanges({ kind }: Kind, old: KubeObject, next: KubeObject): Cause[] {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
  const causes: Cause[] = [];
  if (old['immutable'] === true) {
    const message = 'Forbidden: field is immutable when `immutable` is set';
    const changed = ['immutable', 'data', 'binaryData'].filter(
      (field) => !isDeepStrictEqual(old[field], next[field]),
    );
    causes.push(...changed.map((field) => ({ reason: 'FieldValueForbidden', message, field })));
  }
  if (old['type'] !== next['type']) {
    const message = `Invalid value: ${JSON.stringify(next['type'])}: field is immutable`;
    causes.push({ reason: 'FieldValueInvalid', message, field: 'type' });
  }
  return causes;
}

/** What of an object's bytes is no base64, as Go's decoder words it; undefined where all is. */
export function findBadBytes({ kind }: Kind, object: KubeObject): string | undefined {
  const field = { Secret: 'data', ConfigMap: 'binaryData' }[kind];
  if (field === undefined || !isRecord(object[field])) return undefined;
  for (const value of Object.values(object[field])) {
    const text = typeof value === 'string' ? value.replaceAll(/[\r\n]/g, '') : '';
    if (!BASE64.test(text)) return `illegal base64 data at input byte ${endOfBase64(text)}`;
  }
  return undefined;
}

function endOfBase64(text: string): number {
  const foreign = text.search(/[^A-Za-z0-9+/=]/);
  if (foreign >= 0) return foreign;
  return text.endsWith('=') ? text.length : text.length - (text.length % 4);
}

function keysOf(value: unknown): string[] {
  return isRecord(value) ? Object.keys(value) : [];
}
