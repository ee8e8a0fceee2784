import { realEtcdSubject } from "../support/real-etcd-subject.ts";
import { etcdClientContract } from "./etcd-client.contract.ts";

etcdClientContract("GrpcEtcdClient on etcd 3.6", () => realEtcdSubject("3.6"));
