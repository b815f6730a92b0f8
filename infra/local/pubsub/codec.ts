/** How the few types that gRPC and JSON write differently are written. Times in milliseconds. */
export interface Codec {
  duration(milliseconds: number): unknown;
  timestamp(milliseconds: number): unknown;
  bytes(data: Uint8Array): unknown;
}

const MILLI = 1_000;
const NANOS_PER_MILLI = 1_000_000;

/** google.protobuf.Duration and Timestamp, which have the same two fields. */
function split(milliseconds: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(milliseconds / MILLI);
  return { seconds, nanos: (milliseconds - seconds * MILLI) * NANOS_PER_MILLI };
}

/** Objects as proto-loader serialises them. */
export const grpcCodec: Codec = { duration: split, timestamp: split, bytes: (data) => data };

/** proto3 JSON. */
export const jsonCodec: Codec = {
  duration(milliseconds) {
    const fraction = milliseconds % MILLI;
    const whole = Math.floor(milliseconds / MILLI);
    return fraction === 0 ? `${whole}s` : `${whole}.${String(fraction).padStart(3, '0')}s`;
  },
  timestamp: (milliseconds) => new Date(milliseconds).toISOString(),
  bytes: (data) => Buffer.from(data).toString('base64'),
};
