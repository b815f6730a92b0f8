import type protobuf from 'protobufjs';
import { builtInType } from './built-in-types.ts';
import { badRequest } from './status.ts';
import { isRecord, timestamp } from './store.ts';

/** How Go's typed clients, and through them kubectl and Helm, may send Kubernetes' own kinds. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

// apimachinery's `protoEncodingPrefix`: what a body begins with.
const PREFIX = Buffer.from('k8s\0');

/**
 * Reads a protobuf body as the JSON that it stands for. Answers are always JSON: every client that sends protobuf
 * takes them by their content type. Throws 400 for what is malformed or of a kind without protobuf.
 */
export function readProtobuf(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!body.subarray(0, PREFIX.length).equals(PREFIX)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix k8s');
  }
  const envelope = decode('Unknown', body.subarray(PREFIX.length));
  const typeMeta = isRecord(envelope['typeMeta']) ? envelope['typeMeta'] : {};
  const { kind, apiVersion } = typeMeta;
  if (typeof kind !== 'string') throw badRequest("Object 'Kind' is missing in the protobuf body");
  const raw = typeof envelope['raw'] === 'string' ? envelope['raw'] : '';
  return { kind, apiVersion, ...decode(kind, Buffer.from(raw, 'base64')) };
}

function decode(kind: string, bytes: Buffer): Record<string, unknown> {
  const type = builtInType(kind);
  if (type === undefined) throw badRequest(`no kind "${kind}" is served that is sent as protobuf`);
  try {
    return readMessage(type, type.toObject(type.decode(bytes), { longs: Number, bytes: String }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw badRequest(`error decoding protobuf: ${why}`);
  }
}

function readMessage(type: protobuf.Type, message: object): Record<string, unknown> {
  const entries = Object.entries(message).map(([name, value]): [string, unknown] => {
    const field = type.fields[name];
    if (field === undefined) return [name, undefined];
    if (Array.isArray(value)) return [name, value.map((each) => readValue(field, each))];
    // Go writes what is empty too, but for pointers: only in maps does it mean something.
    const empty = value === '' || value === 0;
    return [name, field.map ? value : empty ? undefined : readValue(field, value)];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function readValue(field: protobuf.Field, value: unknown): unknown {
  const type = builtInType(field.type);
  if (type === undefined || !isRecord(value)) return value;
  switch (field.type) {
    case 'Time':
      return readTime(value, timestamp);
    case 'MicroTime':
      return readTime(value, (time) => time.toISOString().replace('Z', '000Z'));
    case 'FieldsV1':
      return readRaw(value['Raw']);
    default:
      return readMessage(type, value);
  }
}

function readRaw(raw: unknown): unknown {
  return typeof raw === 'string' ? JSON.parse(Buffer.from(raw, 'base64').toString()) : {};
}

function readTime(value: Record<string, unknown>, write: (time: Date) => string): unknown {
  const { seconds } = value;
  return typeof seconds === 'number' && seconds !== 0 ? write(new Date(seconds * 1000)) : undefined;
}
