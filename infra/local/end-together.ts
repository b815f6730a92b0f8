import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Notes `+ PID` and `- PID`, a line each; of a group, `-PID`. At the end of its input, which is this process's, it ends
 * those that are left.
 */
const REAPER = `
pids=' '
while read -r sign pid; do
  case "$sign$pids" in
    +*) pids="$pids$pid " ;;
    -*" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -s KILL -- "$pid" 2>/dev/null; done
exit 0`;

let reaper: Writable | undefined;

/** One for each process that starts others. In a session of its own: what ends this process's group does not end it. */
function startReaper(): Writable {
  const child = spawn('sh', ['-c', REAPER], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  // Its end says nothing about what is watched.
  child.stdin.on('error', () => undefined);
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child.stdin;
}

/**
 * Starts a child that ends with this process, however that ends: by SIGKILL, too, after which nothing here runs. `group`:
 * with all that is of its process group, which it leads.
 *
 * @example const child = endTogether(() => spawn('etcd', args, { detached: true }), 'group');
 */
export function endTogether<Child extends ChildProcess>(start: () => Child, of?: 'group'): Child {
  // Before the child, which would outlive this process if that were killed while the reaper starts.
  reaper ??= startReaper();
  const child = start();
  const { pid } = child;
  if (pid === undefined) return child;
  child.once('exit', endAlso(of === 'group' ? -pid : pid));
  return child;
}

/**
 * Ends the process of that number with this one, or of a negative number the group: a grandchild that is stopped does not
 * see its parent's end. Returns what takes that back: call it once the process has ended, for its number may be another's
 * by then.
 *
 * @example
 * const takeBack = endAlso(pid);
 */
export function endAlso(pid: number): () => void {
  reaper ??= startReaper();
  reaper.write(`+ ${pid}\n`);
  return () => void reaper?.write(`- ${pid}\n`);
}
