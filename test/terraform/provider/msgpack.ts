/** What Terraform does not know yet: it is known when a resource that it comes from is there. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** Reads MessagePack as Terraform writes values: no timestamps, and one extension, for what is unknown. */
export function readMsgpack(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  function skip(count: number): number {
    const from = at;
    at += count;
    return from;
  }

  function text(size: number): string {
    const from = skip(size);
    return Buffer.from(bytes.subarray(from, from + size)).toString('utf8');
  }

  function items(count: number): unknown[] {
    return Array.from({ length: count }, value);
  }

  function entries(count: number): Record<string, unknown> {
    const pairs = Array.from({ length: count }, () => [String(value()), value()]);
    return Object.fromEntries(pairs);
  }

  function extension(size: number): typeof UNKNOWN {
    skip(size + 1);
    return UNKNOWN;
  }

  const byCode: Readonly<Record<number, () => unknown>> = {
    0xc0: () => null,
    0xc2: () => false,
    0xc3: () => true,
    0xc7: () => extension(view.getUint8(skip(1))),
    0xc8: () => extension(view.getUint16(skip(2))),
    0xca: () => view.getFloat32(skip(4)),
    0xcb: () => view.getFloat64(skip(8)),
    0xcc: () => view.getUint8(skip(1)),
    0xcd: () => view.getUint16(skip(2)),
    0xce: () => view.getUint32(skip(4)),
    0xcf: () => view.getBigUint64(skip(8)),
    0xd0: () => view.getInt8(skip(1)),
    0xd1: () => view.getInt16(skip(2)),
    0xd2: () => view.getInt32(skip(4)),
    0xd3: () => view.getBigInt64(skip(8)),
    0xd4: () => extension(1),
    0xd5: () => extension(2),
    0xd6: () => extension(4),
    0xd7: () => extension(8),
    0xd8: () => extension(16),
    0xd9: () => text(view.getUint8(skip(1))),
    0xda: () => text(view.getUint16(skip(2))),
    0xdb: () => text(view.getUint32(skip(4))),
    0xdc: () => items(view.getUint16(skip(2))),
    0xdd: () => items(view.getUint32(skip(4))),
    0xde: () => entries(view.getUint16(skip(2))),
    0xdf: () => entries(view.getUint32(skip(4))),
  };

  function value(): unknown {
    const code = view.getUint8(skip(1));
    if (code <= 0x7f) return code;
    if (code <= 0x8f) return entries(code & 0x0f);
    if (code <= 0x9f) return items(code & 0x0f);
    if (code <= 0xbf) return text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    const read = byCode[code];
    if (read === undefined) throw new Error(`MessagePack has no type 0x${code.toString(16)} here`);
    return read();
  }

  return value();
}
