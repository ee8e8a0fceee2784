import { realEtcdSubject } from "../support/real-etcd-subject.ts";
import { etcdClientContract } from "../contracts/etcd-client.contract.ts";

etcdClientContract("GrpcEtcdClient on etcd 3.5", () => realEtcdSubject("3.5"));
etcdClientContract("GrpcEtcdClient on etcd 3.7", () => realEtcdSubject("3.7"));
