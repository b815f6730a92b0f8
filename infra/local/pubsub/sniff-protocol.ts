import type { Socket } from 'node:net';
import { SNIFF_WAIT } from './limits.ts';

export type Protocol = 'http1' | 'http2';

/** The start of HTTP/2's connection preface (RFC 9113, section 3.4); no HTTP/1 method has it. */
const HTTP2_START = 'PRI ';

/**
 * Reads a fresh connection just far enough to tell HTTP/2 with prior knowledge from HTTP/1, puts
 * the bytes back and says which. Connections that stay silent are closed.
 */
export function sniffProtocol(socket: Socket, found: (protocol: Protocol) => void): void {
  socket.setTimeout(SNIFF_WAIT, () => socket.destroy());
  // Without a listener a reset before the protocol is known would end the process.
  socket.on('error', ignore);
  socket.on('readable', read);

  function read(): void {
    const head = socket.read();
    if (!Buffer.isBuffer(head)) return;
    const text = head.toString('latin1', 0, HTTP2_START.length);
    socket.unshift(head);
    // Fewer bytes than needed: wait for more, which arrive as a new "readable".
    if (text.length < HTTP2_START.length && HTTP2_START.startsWith(text)) return;
    socket.off('readable', read);
    socket.off('error', ignore);
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    found(text === HTTP2_START ? 'http2' : 'http1');
  }
}

function ignore(): void {}
