/**
 * Node runs timers before it looks at its sockets. After a long computation
 * (loading modules on an overloaded machine) a limit can be over while the
 * answer lies unread: what gives up on account of a timer lets the input that
 * has arrived be handled first.
 */
export function afterPendingInput(giveUp: () => void): void {
  setImmediate(giveUp);
}
