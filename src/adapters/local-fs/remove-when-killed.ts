import { spawn } from "node:child_process";
import { once } from "node:events";

/** Waits for the end of this process; "done" says that there is nothing left to do. */
const guardScript = `trap '' INT TERM HUP QUIT
read -r word
[ "$word" = done ] || rm -rf -- "$1"`;

/**
 * A shell, in a session of its own, that removes the directory when this
 * process is killed. Best effort: both may be killed. The returned function
 * ends the guard.
 */
export function removeWhenKilled(path: string): () => Promise<void> {
  const guard = spawn("/bin/sh", ["-c", guardScript, "requorum-guard", path], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  guard.unref(); // who forgets to end it does not wait for ever; its end is the guard's start
  guard.stdin.on("error", () => undefined); // it was killed: the next run removes what is left
  const ended = once(guard, "exit").catch(() => undefined); // no shell: the same
  return async () => {
    guard.ref();
    guard.stdin.end("done\n");
    await ended;
  };
}
