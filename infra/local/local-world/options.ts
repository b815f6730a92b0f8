import type { Effect } from './files.ts';

/** What the local world is started with. */
export interface LocalOptions {
  readonly clusters: number;
  readonly portOffset: number;
  /** `free`, or some of them by name. */
  readonly ports?: string;
  /** Whether nothing is pushed at the start. */
  readonly empty?: boolean;
  readonly verbose: boolean;
  /** Where its files go; without it the usual place. */
  readonly dir?: string;
  readonly effect: Effect;
  /** Whether the platform's image is rolled out in stages. */
  readonly stages?: boolean;
  /** A folder with the real Config Sync. */
  readonly configSync?: string;
  /** Whether spans are collected. */
  readonly traces?: boolean;
}

/** Where the local world finds what it runs, and where its files go. */
export interface LocalPlaces {
  /** The bundles of the functions, as `npm run build` makes them. */
  readonly bundles: string;
  /** Where files go that no option places. */
  readonly home: string;
  /** Folder with the command, where people have to put it into PATH first. */
  readonly launcher?: string;
}
