import type { Heavy } from '#functions/cli/heavy.ts';
import { CountersignError } from '#shared/core/errors.ts';

/** What is typed, what the API answers by its path, and the exit code. */
interface Row {
  readonly verb: string;
  readonly args?: readonly string[];
  readonly meets: Readonly<Record<string, object>>;
  readonly heavy?: Partial<Heavy>;
  readonly code: number;
}

const absent = () => Promise.reject(new CountersignError('bad-config', 'Config is absent'));
const KEY = 'gcpkms://projects/p/locations/us/keyRings/a/cryptoKeys/b/cryptoKeyVersions/1';
const INIT = ['--fleet-project', 'p', '--image', 'r.example/a', '--signing-key', KEY];

/** A gate, and a fleet of clusters that are all out of reach. */
function gated(clusters: readonly string[]): Partial<Heavy> {
  const members = clusters.map((name) => ({ name, id: name, labels: {} }));
  return {
    renderGate: async () => '',
    openObjects: async () => ({
      list: async () => ({ members, unreachable: [] }),
      find: async () => undefined,
      connect: absent,
    }),
  };
}

/** Of verbs that are about the command itself, or write what the config says. */
export const NEW_ROWS: readonly Row[] = [
  { verb: 'events', meets: { '/v1/history': { events: [] } }, code: 0 },
  { verb: 'version', meets: {}, code: 0 },
  { verb: 'man', meets: {}, code: 0 },
  { verb: 'completion', args: ['bash'], meets: {}, code: 0 },
  { verb: 'config init', args: ['-', ...INIT], meets: {}, code: 0 },
  { verb: 'config init', args: ['-'], meets: {}, code: 2 },
  ...['apply', 'diff'].flatMap((verb): Row[] => {
    const asked = { verb: `gate ${verb}`, meets: {} };
    return [
      { ...asked, args: ['--all'], heavy: gated([]), code: 0 },
      { ...asked, heavy: gated([]), code: 2 },
      { ...asked, args: ['--cluster', 'edge-1'], heavy: gated([]), code: 2 },
      { ...asked, args: ['--all'], heavy: gated(['edge-1']), code: 2 },
    ];
  }),
];
