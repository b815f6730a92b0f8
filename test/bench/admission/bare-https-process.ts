import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

// The floor: TLS, a body read and parsed, a review answered. Started with PORT, CERT and KEY, as a server is.
const { PORT = '0', HOST = '127.0.0.1', CERT = '', KEY = '' } = process.env;

function uidOf(review: { readonly request?: { readonly uid?: string } }): string | undefined {
  return review.request?.uid;
}

createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, (req, res) => {
  if (req.method === 'GET') {
    res.end('ok');
    return;
  }
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.once('end', () => {
    const uid = uidOf(JSON.parse(Buffer.concat(chunks).toString()));
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid, allowed: true },
    });
    res.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    res.end(body);
  });
}).listen(Number(PORT), HOST);
