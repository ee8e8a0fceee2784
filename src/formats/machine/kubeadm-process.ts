/**
 * POSIX shell for the probe and for the look before a step: `is_only_asked PID`, for a process named kubeadm. True where
 * it is asked for its version, as every look does, or has ended meanwhile: it joins nobody. What cannot be read may join.
 */
export const kubeadmProcessShell = String.raw`
is_only_asked() {
  words=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>&1)
  case $words in *' version '*) return 0 ;; esac
  [ ! -e "/proc/$1" ]
}
`;
