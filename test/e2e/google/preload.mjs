import dns from 'node:dns';
import net from 'node:net';

// Loaded before a function (--import): whatever it opens to Google's hosts ends at the emulated one, by TLS, under the
// name that it asked for. Nothing else of it is changed.

const port = Number(process.env.EMULATED_GOOGLE_PORT);
const google = /\.(?:googleapis\.com|pkg\.dev|gke\.goog)$/;
/** One of Google's: what a guard against private addresses lets pass. Nothing is sent there. */
const ADDRESS = '142.250.1.95';

const connect = Reflect.get(net.Socket.prototype, 'connect');
net.Socket.prototype.connect = function connectElsewhere(...args) {
  const [first] = args;
  const options = Array.isArray(first) ? first[0] : first;
  if (google.test(options?.host ?? '') || options?.host === ADDRESS) {
    Object.assign(options, { host: '127.0.0.1', port, lookup: undefined });
  }
  return Reflect.apply(connect, this, args);
};

const lookup = dns.lookup;
dns.lookup = function lookupElsewhere(name, options, done) {
  const callback = done ?? options;
  if (!google.test(name)) return lookup.call(this, name, options, done);
  const all = typeof options === 'object' && options.all === true;
  const found = { address: ADDRESS, family: 4 };
  process.nextTick(() => (all ? callback(null, [found]) : callback(null, ADDRESS, 4)));
};
const promised = dns.promises.lookup;
dns.promises.lookup = async (name, options) => {
  if (!google.test(name)) return promised(name, options);
  const found = { address: ADDRESS, family: 4 };
  return options?.all === true ? [found] : found;
};
