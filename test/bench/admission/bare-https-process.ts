import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';

// The floor: TLS, a body read and parsed, a review answered; with LOOKS, once the registry has been asked. Started with
// PORT, CERT and KEY, as a server is.
const { PORT = '0', HOST = '127.0.0.1', CERT = '', KEY = '', LOOKS = '' } = process.env;
const look = LOOKS === '' ? undefined : (await import('./bare-requests.ts')).makeBareRequests;

function uidOf(review: { readonly request?: { readonly uid?: string } }): string | undefined {
  return review.request?.uid;
}

async function answer(text: string, res: ServerResponse): Promise<void> {
  const review = JSON.parse(text);
  await look?.(review);
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: uidOf(review), allowed: true },
  });
  res.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, (req, res) => {
  if (req.method === 'GET') {
    res.end('ok');
    return;
  }
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.once('end', () => void answer(Buffer.concat(chunks).toString(), res));
}).listen(Number(PORT), HOST);
