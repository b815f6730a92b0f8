/** US dollars, before free tiers and discounts. */
export interface Prices {
  readonly vcpuSecond: number;
  readonly gibSecond: number;
  readonly requestMillion: number;
  readonly pubsubTib: number;
  readonly firestoreReads100k: number;
  readonly firestoreWrites100k: number;
  readonly logGib: number;
}

/**
 * List prices of us-central1. Looked up on 29 November 2026, in copies of the pages that are some months old: Cloud Run
 * and Pub/Sub on cloud.google.com/run/pricing (tier 1, billed by request) and cloud.google.com/pubsub/pricing, Logging on
 * cloud.google.com/stackdriver/pricing. The table of Firestore (cloud.google.com/firestore/pricing) is by location and was
 * in no copy; a guide of Airbyte has the same two numbers for regions of the US. Check them for your region.
 */
export const PRICES: Prices = {
  vcpuSecond: 0.000_024,
  gibSecond: 0.000_002_5,
  requestMillion: 0.4,
  pubsubTib: 40,
  firestoreReads100k: 0.03,
  firestoreWrites100k: 0.09,
  logGib: 0.5,
};
