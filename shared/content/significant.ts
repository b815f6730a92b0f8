/** Sees a file's bytes piece by piece, and says in the end whether Config Sync would find an object to read in it. */
interface Scan {
  readonly see: (piece: Uint8Array) => void;
  readonly found: () => boolean;
}

const NEWLINE = 0x0a;
const HASH = 0x23;
const DASH = 0x2d;
const MARKER_DASHES = 3;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0b, 0x0c, 0x0d]);

/**
 * A scan of the file of that name; undefined where Config Sync does not read it. It reads `.yaml`, `.yml` and `.json`,
 * and nothing of a file in which every YAML document is blank or comments; `Kustomization` makes it render the folder.
 */
export function scanOf(name: string): Scan | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const extension = base.slice(base.lastIndexOf('.') + 1);
  if (extension === base) return base === 'Kustomization' ? scanYaml() : undefined;
  if (extension === 'json') return scanAny();
  return extension === 'yaml' || extension === 'yml' ? scanYaml() : undefined;
}

function scanAny(): Scan {
  let any = false;
  return {
    see(piece) {
      any ||= piece.length > 0;
    },
    found: () => any,
  };
}

function scanYaml(): Scan {
  let found = false;
  /** In a line so far: its leading dashes, the white space after them, or a comment. */
  let place: 'start' | 'space' | 'comment' = 'start';
  let dashes = 0;

  /** One or two dashes begin no document: they are content. */
  const isCut = (): boolean => place === 'start' && dashes > 0;

  function next(byte: number): void {
    if (byte === NEWLINE) {
      found ||= isCut();
      place = 'start';
      dashes = 0;
    } else if (place === 'start' && byte === DASH) {
      dashes += 1;
      if (dashes === MARKER_DASHES) place = 'space';
    } else if (place !== 'comment') {
      if (isCut()) found = true;
      else if (byte === HASH) place = 'comment';
      else if (SPACES.has(byte)) place = 'space';
      else found = true;
    }
  }

  return {
    see(piece) {
      for (const byte of piece) {
        if (found) return;
        next(byte);
      }
    },
    found: () => found || isCut(),
  };
}
