import { pubsubContract } from '#test/contract/pubsub/suite.ts';
import { startPubsubEmulator } from './tools/pubsub-emulator.ts';

// None of the capabilities: the emulator (0.8.20) lacks each of them, and the suite says so.
pubsubContract({
  name: "Google's emulator",
  start: startPubsubEmulator,
  capabilities: new Set(),
});
