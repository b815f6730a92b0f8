import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GateCase, gateCases } from '#test/fixtures/gate-cases.ts';

/** What the API server answered to one write. */
export type GateResult =
  | { allowed: true }
  | { allowed: false; code: number; reason: string; message: string };

/** A cluster whose RSyncs are behind the gate. */
export interface GateUnderTest {
  /** Puts the case's old object in place past the gate, then sends its write as its user. */
  submit: (gateCase: GateCase) => Promise<GateResult>;
  stop: () => Promise<void>;
}

/** Runs the table over one implementation of the gate. */
export function gateContract(contract: {
  name: string;
  start: () => Promise<GateUnderTest>;
}): void {
  describe(`gate: ${contract.name}`, () => {
    let gate: GateUnderTest;
    beforeAll(async () => {
      gate = await contract.start();
    });
    afterAll(() => gate?.stop());

    it.each(casesWhich(({ expect: expected }) => expected === 'allow'))(
      'allows: $name',
      async (gateCase) => {
        expect(await gate.submit(gateCase)).toEqual({ allowed: true });
      },
    );

    it.each(casesWhich(({ expect: expected }) => expected !== 'allow'))(
      'refuses: $name',
      async (gateCase) => {
        const result = await gate.submit(gateCase);
        const names = gateCase.expect === 'allow' ? [] : gateCase.expect.names;
        expect(result).toMatchObject({ allowed: false, ...codeOf(gateCase), reason: 'Invalid' });
        const message = result.allowed ? '' : result.message;
        expect(message).toContain(
          "ValidatingAdmissionPolicy 'countersign-gate' with binding 'countersign-gate' denied request: ",
        );
        for (const name of names) expect(message).toContain(name);
        // Config Sync rewrites status for each different text, and shows one line of it.
        expect(message).not.toMatch(/\n/);
        expect(await gate.submit(gateCase)).toEqual(result);
      },
    );
  });
}

/** Those of one config together: putting a gate in force takes longer than a case. */
function casesWhich(belongs: (gateCase: GateCase) => boolean): readonly GateCase[] {
  return [...Map.groupBy(gateCases.filter(belongs), ({ config }) => config).values()].flat();
}

function codeOf({ expect: expected }: GateCase): { code?: number } {
  return expected === 'allow' ? {} : { code: expected.code };
}
