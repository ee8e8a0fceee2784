package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
)

// One line that says all that an apply of the request would use; "undecodable"
// when etcd would die of it. test/support/request-line.ts writes the same.
func requestLine(hexData string) (line string) {
	defer func() {
		if recover() != nil {
			line = "undecodable"
		}
	}()
	data, err := hex.DecodeString(hexData)
	if err != nil {
		return err.Error()
	}
	var request etcdserverpb.InternalRaftRequest
	if request.Unmarshal(data) != nil {
		var older etcdserverpb.Request
		if older.Unmarshal(data) != nil {
			return "undecodable"
		}
		return v2Line(&older)
	}
	if request.V2 != nil {
		return v2Line(request.V2)
	}
	id, user, authRevision := request.ID, "", uint64(0)
	if request.Header != nil {
		user, authRevision = request.Header.Username, request.Header.AuthRevision
		if id == 0 {
			id = request.Header.ID
		}
	}
	return fmt.Sprintf("%d %x %d %s", id, user, authRevision, actionLine(&request))
}

func v2Line(request *etcdserverpb.Request) string {
	return fmt.Sprintf("v2 %d %x %x %x %t", request.ID, request.Method, request.Path, request.Val, request.Dir)
}

func actionLine(request *etcdserverpb.InternalRaftRequest) string {
	switch {
	case request.Range != nil:
		return rangeLine(request.Range)
	case request.Put != nil:
		return putLine(request.Put)
	case request.DeleteRange != nil:
		return deleteLine(request.DeleteRange)
	case request.Txn != nil:
		return txnLine(request.Txn)
	case request.Compaction != nil:
		return fmt.Sprintf("compaction %d %t", request.Compaction.Revision, request.Compaction.Physical)
	case request.LeaseGrant != nil:
		return fmt.Sprintf("lease-grant %d %d", request.LeaseGrant.ID, request.LeaseGrant.TTL)
	case request.LeaseRevoke != nil:
		return fmt.Sprintf("lease-revoke %d", request.LeaseRevoke.ID)
	case request.LeaseCheckpoint != nil:
		parts := []string{"lease-checkpoint"}
		for _, one := range request.LeaseCheckpoint.Checkpoints {
			parts = append(parts, fmt.Sprintf("%d=%d", one.ID, one.Remaining_TTL))
		}
		return strings.Join(parts, " ")
	case request.Alarm != nil:
		return fmt.Sprintf("alarm %d %d %d", request.Alarm.Action, request.Alarm.MemberID, request.Alarm.Alarm)
	case request.ClusterVersionSet != nil:
		return fmt.Sprintf("cluster-version-set %x", request.ClusterVersionSet.Ver)
	case request.ClusterMemberAttrSet != nil:
		set := request.ClusterMemberAttrSet
		name, urls := "", []string{}
		if set.MemberAttributes != nil {
			name, urls = set.MemberAttributes.Name, set.MemberAttributes.ClientUrls
		}
		return fmt.Sprintf("member %d %x %s", set.Member_ID, name, strings.Join(urls, ","))
	case request.DowngradeInfoSet != nil:
		return fmt.Sprintf("downgrade %t %x", request.DowngradeInfoSet.Enabled, request.DowngradeInfoSet.Ver)
	default:
		return "other"
	}
}

func rangeLine(one *etcdserverpb.RangeRequest) string {
	return fmt.Sprintf("range %x %x %d %d", one.Key, one.RangeEnd, one.Limit, one.Revision)
}

func putLine(one *etcdserverpb.PutRequest) string {
	return fmt.Sprintf("put %x %x %d %t %t %t", one.Key, one.Value, one.Lease, one.PrevKv, one.IgnoreValue, one.IgnoreLease)
}

func deleteLine(one *etcdserverpb.DeleteRangeRequest) string {
	return fmt.Sprintf("delete-range %x %x %t", one.Key, one.RangeEnd, one.PrevKv)
}

func txnLine(txn *etcdserverpb.TxnRequest) string {
	parts := []string{"txn"}
	for _, one := range txn.Compare {
		// As the server's applyCompare takes the union: by the target, zero when it is another member's.
		number, value := int64(0), []byte{}
		switch one.Target {
		case etcdserverpb.Compare_VERSION:
			number = one.GetVersion()
		case etcdserverpb.Compare_CREATE:
			number = one.GetCreateRevision()
		case etcdserverpb.Compare_MOD:
			number = one.GetModRevision()
		case etcdserverpb.Compare_VALUE:
			value = one.GetValue()
		case etcdserverpb.Compare_LEASE:
			number = one.GetLease()
		}
		parts = append(parts, fmt.Sprintf("(if %x %x %d %d %d %x)", one.Key, one.RangeEnd, one.Result, one.Target, number, value))
	}
	for _, one := range txn.Success {
		parts = append(parts, "(then "+operationLine(one)+")")
	}
	for _, one := range txn.Failure {
		parts = append(parts, "(else "+operationLine(one)+")")
	}
	return strings.Join(parts, " ")
}

func operationLine(operation *etcdserverpb.RequestOp) string {
	switch one := operation.Request.(type) {
	case *etcdserverpb.RequestOp_RequestRange:
		return rangeLine(one.RequestRange)
	case *etcdserverpb.RequestOp_RequestPut:
		return putLine(one.RequestPut)
	case *etcdserverpb.RequestOp_RequestDeleteRange:
		return deleteLine(one.RequestDeleteRange)
	case *etcdserverpb.RequestOp_RequestTxn:
		return txnLine(one.RequestTxn)
	default:
		return "none"
	}
}
