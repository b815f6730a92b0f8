const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const { closeSync, writeSync } = require('node:fs');

// Required before a server of the benchmarks: writes to its third pipe what CPU the process has used, in milliseconds,
// when its first answer with the wanted status has left. Work that begins behind that answer is not in it.
const CHANNEL = 'http.server.response.finish';
const OUT = 3;
const wanted = Number(process.env.BENCH_FIRST_STATUS);

function report({ response }) {
  if (response.statusCode !== wanted) return;
  unsubscribe(CHANNEL, report);
  const { user, system } = process.cpuUsage();
  writeSync(OUT, String((user + system) / 1000));
  closeSync(OUT);
}
subscribe(CHANNEL, report);
