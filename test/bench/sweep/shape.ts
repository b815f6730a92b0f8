/** When the fleet was last looked at, and its first sweep begins. */
export const FLEET_NOW = '2026-11-22T06:00:00.000Z';

export const DATABASE = { project: 'p', database: 'countersign' };

/** Clusters that the calls of a minute suffice for: 600 calls, two each. */
export const LOOKS_A_MINUTE = 300;
