/** Says what is being done on a terminal, in one line that is written over; elsewhere nothing. */
export function createProgress(stream: NodeJS.WriteStream): {
  say(text: string): void;
  clear(): void;
} {
  if (!stream.isTTY) return { say: () => undefined, clear: () => undefined };
  return {
    say: (text) => void stream.write(`\r\u001b[K${text.slice(0, stream.columns - 1)}`),
    clear: () => void stream.write('\r\u001b[K'),
  };
}
