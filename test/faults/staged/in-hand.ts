import { AsyncLocalStorage } from 'node:async_hooks';

/** What one handler has done so far; moments are numbers of a count that never stands still, as virtual time does. */
export interface Hand {
  readonly began: number;
  /** When it last read the records of a repository. */
  readonly reads: Map<string, number>;
  /** When it first read what people have frozen. */
  freezesRead?: number;
  /** It has published tasks. */
  tasked?: boolean;
}

/** Knows whose doing a call is. */
export interface InHand {
  /** One more than at the last call. */
  moment(): number;
  /** Runs a handler, so that what it does is known for its own. */
  during<T>(work: () => Promise<T>): Promise<T>;
  current(): Hand | undefined;
}

export function createInHand(): InHand {
  const hands = new AsyncLocalStorage<Hand>();
  let count = 0;
  const moment = (): number => (count += 1);
  return {
    moment,
    during: (work) => hands.run({ began: moment(), reads: new Map() }, work),
    current: () => hands.getStore(),
  };
}
