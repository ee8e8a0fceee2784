/** sshd, which a boot is waited for with, may answer before containerd does: by a second, seen on a busy computer. A minute is ample. */
const secondsMax = 60;

/**
 * Script lines that end when containerd answers on its CRI socket, and fail
 * after `secondsMax`. Its unit is active, and its socket there, a moment before
 * the CRI service has begun ("server is not initialized yet"), which kubeadm's
 * preflight takes for a broken runtime. So the CRI's own Status is asked, as
 * gRPC (an empty message: five zero bytes): the image has no crictl.
 */
export const containerRuntimeWait = `tries=0
until printf '\\000\\000\\000\\000\\000' | curl -s -o /dev/null -D - --max-time 5 --http2-prior-knowledge --unix-socket /run/containerd/containerd.sock \\
  -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- http://localhost/runtime.v1.RuntimeService/Status | grep -qi '^grpc-status: 0'; do
  tries=$((tries+1))
  if [ $tries -ge ${String(secondsMax * 5)} ]; then echo "containerd does not answer on its CRI socket" >&2; exit 1; fi
  sleep 0.2
done
`;
