import { startPubsub } from '#infra/local/pubsub/start-pubsub.ts';
import { pubsubContract } from './suite.ts';

pubsubContract({
  name: 'embedded',
  start: () => startPubsub({ port: 0 }),
  capabilities: new Set([
    'ack-any-2xx',
    'delivery-attempt',
    'push-ordering-key',
    'nack-holds-key',
    'service-limits',
  ]),
});
