import { describe, expect, it } from 'vitest';
import { placeGate } from '#functions/cli/gate/place-gate.ts';
import { diffLines, placedCode, placedLines } from '#functions/cli/gate/show-placed.ts';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ApplyOptions, ObjectApi } from '#shared/fleet/object-api.ts';

const INPUT = {
  identity: 'countersign@p.example',
  breakGlass: [],
  mayHold: 'countersign',
  images: [],
  unmatched: 'deny',
  otherSources: 'deny',
} as const;
const DENY = renderGate(INPUT, 'deny');
const WARN = renderGate(INPUT, 'warn');
const MEMBERS = ['edge-1', 'edge-2'].map((name) => ({ name, id: name, labels: {} }));
const APPLY = { force: false, dryRun: false };

/** A fleet that keeps objects; a cluster of `broken` is out of reach. */
function createFleet(broken: readonly string[] = []) {
  const stored = new Map<string, object>();
  const options: ApplyOptions[] = [];
  const order: string[] = [];
  async function connect({ name: cluster }: { readonly name: string }): Promise<ObjectApi> {
    return {
      cluster,
      async read({ plural, name }) {
        if (broken.includes(cluster))
          throw new CountersignError('cluster-unreachable', 'It is away');
        return stored.get(`${cluster}/${plural}/${name}`);
      },
      async apply({ group, version, plural, name }, object, given) {
        options.push(given);
        order.push(`${cluster} ${group}/${version} ${plural}`);
        const live = {
          ...object,
          metadata: { name, labels: {}, ...object, managedFields: [given] },
        };
        if (!given.dryRun) stored.set(`${cluster}/${plural}/${name}`, live);
        return live;
      },
    };
  }
  return { fleet: { connect }, options, order };
}

describe('placeGate()', () => {
  it('applies the policy before its binding, in every cluster, as a manager of its own', async () => {
    const { fleet, options, order } = createFleet();
    const placed = await placeGate(DENY, fleet, MEMBERS, APPLY);
    expect(placedCode(placed, 'apply')).toBe(0);
    const api = 'admissionregistration.k8s.io/v1';
    for (const cluster of ['edge-1', 'edge-2']) {
      expect(order.filter((line) => line.startsWith(cluster))).toEqual([
        `${cluster} ${api} validatingadmissionpolicies`,
        `${cluster} ${api} validatingadmissionpolicybindings`,
      ]);
    }
    expect(new Set(options.map((given) => JSON.stringify(given)))).toEqual(
      new Set([JSON.stringify({ fieldManager: 'countersign-gate', force: false, dryRun: false })]),
    );
    expect(placed[0]?.objects.map(({ change }) => change)).toEqual(['created', 'created']);
    const again = await placeGate(DENY, fleet, MEMBERS, APPLY);
    expect(placedLines(again, false)).toEqual(
      ['edge-1', 'edge-2'].flatMap((cluster) => [
        `${cluster}  validatingadmissionpolicy/countersign-gate unchanged`,
        `${cluster}  validatingadmissionpolicybinding/countersign-gate unchanged`,
      ]),
    );
  });

  it('shows what would change, and changes nothing', async () => {
    const { fleet } = createFleet();
    const dry = { force: false, dryRun: true };
    await placeGate(DENY, fleet, MEMBERS.slice(0, 1), APPLY);
    const diff = await placeGate(WARN, fleet, MEMBERS.slice(0, 1), dry);
    const lines = diffLines(diff).filter((line) => /^[-+] /.test(line));
    expect(lines).toEqual(['-    - Deny', '+    - Warn', '+    - Audit']);
    expect(placedCode(diff, 'diff')).toBe(1);
    const same = await placeGate(DENY, fleet, MEMBERS.slice(0, 1), dry);
    expect(diffLines(same)).toEqual([]);
    expect(placedCode(same, 'diff')).toBe(0);
  });

  it('goes on where a cluster is out of reach, and says so', async () => {
    const { fleet, order } = createFleet(['edge-1']);
    const placed = await placeGate(DENY, fleet, MEMBERS, APPLY);
    expect(placedLines(placed, false)[0]).toBe('edge-1  It is away (cluster-unreachable)');
    expect(order).toHaveLength(2);
    expect(placedCode(placed, 'apply')).toBe(2);
    expect(placedCode(placed, 'diff')).toBe(2);
  });
});
