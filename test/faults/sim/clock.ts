import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

/** Virtual time: nothing waits, and what is due at the same moment happens in the order it was asked for. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  after(milliseconds: number, action: () => void): void;
  sleep(milliseconds: number): Promise<void>;
  /** Says that the action in hand settled a promise or called something asynchronous. */
  stir(): void;
  /** Lets everything happen that is due until then. */
  run(until: number): Promise<void>;
}

interface Due {
  readonly time: number;
  readonly order: number;
  readonly action: () => void;
}

export function createClock(start: number): Clock {
  const heap: Due[] = [];
  let time = start;
  let order = 0;
  let stirred = false;
  function after(milliseconds: number, action: () => void): void {
    push(heap, { time: time + Math.max(0, milliseconds), order, action });
    order += 1;
  }
  return {
    now: () => time,
    after,
    sleep(milliseconds) {
      return new Promise((resolve) => {
        after(milliseconds, () => {
          stirred = true;
          resolve();
        });
      });
    },
    stir() {
      stirred = true;
    },
    async run(until) {
      for (let due = heap[0]; due !== undefined && due.time <= until; due = heap[0]) {
        pop(heap);
        ({ time } = due);
        due.action();
        if (!stirred) continue;
        stirred = false;
        // The loop turns only when no microtask is left: whatever was stirred has come to its next wait.
        await turnOfTheLoop();
      }
      time = until;
    },
  };
}

function isSooner(one: Due, other: Due): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}

function push(heap: Due[], due: Due): void {
  let at = heap.length;
  heap.push(due);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isSooner(due, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    const child = right !== undefined && left !== undefined && isSooner(right, left) ? right : left;
    if (child === undefined || !isSooner(child, last)) break;
    heap[at] = child;
    at = child === right ? 2 * at + 2 : 2 * at + 1;
  }
  heap[at] = last;
}
