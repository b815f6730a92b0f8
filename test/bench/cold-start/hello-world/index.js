import { http } from '@google-cloud/functions-framework';

// The floor of every cold start: the least function there is, as Google's own page on the framework begins.
http('hello', (_, res) => {
  res.send('Hello World!');
});
