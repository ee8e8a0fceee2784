import { unsupported } from "../../format-error.ts";
import { memberIdOf, type MemberId } from "../../../model/ids.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { bucketNames } from "./bucket-names.ts";
import { entriesOf, messageValue } from "./bucket-values.ts";

export interface StoredAlarm {
  readonly memberId: MemberId;
  /** `UNKNOWN n` for a type that etcd 3.7 does not have. */
  readonly alarm: "NONE" | "NOSPACE" | "CORRUPT" | (string & {});
}

/** A member has at most one alarm of a kind. */
const maxAlarms = 10_000;

/** The bucket `alarm`: the message is the key. Source: etcd api/etcdserverpb/rpc.proto (AlarmMember), server/storage/schema/alarm.go. */
export function readAlarms(bolt: BoltReader): readonly StoredAlarm[] {
  const alarms: StoredAlarm[] = [];
  for (const { key } of entriesOf(bolt, bucketNames.alarm)) {
    if (alarms.length === maxAlarms) throw unsupported(bolt.name, undefined, `more than ${maxAlarms} alarms`);
    alarms.push(
      messageValue(bolt, "an alarm", key, (reader) => {
        let [member, type] = [0n, 0];
        for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
          if (field === 1) {
            reader.expect(0);
            member = reader.uint64();
          } else if (field === 2) {
            reader.expect(0);
            type = reader.int32();
          } else reader.skip();
        }
        return { memberId: memberIdOf(member), alarm: ["NONE", "NOSPACE", "CORRUPT"][type] ?? `UNKNOWN ${type}` };
      }),
    );
  }
  return alarms;
}
