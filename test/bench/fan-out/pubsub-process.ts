import { startPubsub } from '#infra/local/pubsub/start-pubsub.ts';
import { type Asked, answerParent } from '../process/own-process.ts';

const { host } = await startPubsub({ port: 0 });
process.on('message', (asked: Asked<object>) => answerParent(asked, Promise.resolve(host)));
