import { Metadata, type Client } from "@grpc/grpc-js";
import type { Draft, MessageType } from "../../src/adapters/etcd-grpc/protobuf-message.ts";

/** One unary call, e.g. `KV/Put`. */
export function etcdUnaryCall<Request, Response>(
  client: Client,
  call: {
    readonly method: string;
    readonly types: readonly [MessageType<Request>, MessageType<Response>];
    readonly request: Draft<Request>;
    readonly timeoutMs: number;
  },
): Promise<Response> {
  const { method, request, timeoutMs } = call;
  const [requestType, responseType] = call.types;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/etcdserverpb.${method}`,
      (one: Buffer) => one,
      (answer: Buffer) => responseType.decode(answer),
      Buffer.from(requestType.encode(request)),
      new Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        if (answer !== undefined && error === null) resolve(answer);
        else reject(error ?? new Error(`${method}: no answer`));
      },
    );
  });
}
