// The judge of our reading of etcd's log: etcd's own reader, asked by a small
// program. Reads questions from standard input, one a line, and answers each
// with one line of JSON. A directory: what a start of etcd finds in that WAL
// directory, or why it refuses (then nothing else means anything). Torn ends are
// repaired in place, as a start does: give it copies. `request HEX`: what the
// data of a log entry asks for.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
)

type answer struct {
	Refused       string `json:"refused,omitempty"`
	Repaired      bool   `json:"repaired"`
	MemberID      uint64 `json:"memberId,string"`
	ClusterID     uint64 `json:"clusterId,string"`
	Term          uint64 `json:"term,string"`
	Vote          uint64 `json:"vote,string"`
	Commit        uint64 `json:"commit,string"`
	SnapshotIndex uint64 `json:"snapshotIndex,string"`
	Entries       int    `json:"entries"`
	LastIndex     uint64 `json:"lastIndex,string"`
	LastTerm      uint64 `json:"lastTerm,string"`
	// Over type, term, index, length and data of every entry behind the snapshot.
	Sha256 string `json:"sha256"`
	// Normal entries by what they ask for.
	Requests map[string]int `json:"requests"`
}

func main() {
	wal.SegmentSizeBytes = 1 << 16 // what a start preallocates
	debug.SetMemoryLimit(1 << 30)
	lines := bufio.NewScanner(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var found any
		if data, isRequest := strings.CutPrefix(lines.Text(), "request "); isRequest {
			found = requestLine(data)
		} else {
			found = ask(lines.Text())
		}
		if err := output.Encode(found); err != nil {
			os.Exit(1)
		}
	}
}

// A panic is a refusal: etcd would die of it.
func ask(directory string) (found answer) {
	defer func() {
		if cause := recover(); cause != nil {
			found = answer{Refused: fmt.Sprint("panic: ", cause)}
		}
	}()
	found, err := start(directory)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	return found
}

// As server/etcdserver/bootstrap.go (recoverSnapshot, openWALFromSnapshot).
func start(directory string) (answer, error) {
	logger := zap.NewNop()
	snapshots, err := wal.ValidSnapshotEntries(logger, directory)
	if err != nil {
		return answer{}, err
	}
	var from walpb.Snapshot
	if len(snapshots) > 0 {
		from = snapshots[len(snapshots)-1]
	}
	for repaired := false; ; repaired = true {
		log, err := wal.Open(logger, directory, walpb.Snapshot{Index: from.Index, Term: from.Term})
		if err != nil {
			return answer{}, err
		}
		metadata, state, entries, err := readAll(log)
		if err == nil {
			return describe(metadata, state, entries, answer{Repaired: repaired, SnapshotIndex: from.Index})
		}
		if repaired || !errors.Is(err, io.ErrUnexpectedEOF) {
			return answer{}, err
		}
		if !wal.Repair(logger, directory) {
			return answer{}, fmt.Errorf("not repaired: %w", err)
		}
	}
}

// Closes the log also when its reader panics: its preallocator would go on in that directory.
func readAll(log *wal.WAL) ([]byte, raftpb.HardState, []raftpb.Entry, error) {
	defer log.Close()
	return log.ReadAll()
}

func describe(metadata []byte, state raftpb.HardState, entries []raftpb.Entry, found answer) (answer, error) {
	var identity etcdserverpb.Metadata
	if err := identity.Unmarshal(metadata); err != nil {
		return answer{}, err
	}
	found.MemberID, found.ClusterID = identity.NodeID, identity.ClusterID
	found.Term, found.Vote, found.Commit = state.Term, state.Vote, state.Commit
	found.Entries = len(entries)
	found.Requests = map[string]int{}
	hash := sha256.New()
	for _, entry := range entries {
		var head [28]byte
		binary.LittleEndian.PutUint32(head[0:], uint32(entry.Type))
		binary.LittleEndian.PutUint64(head[4:], entry.Term)
		binary.LittleEndian.PutUint64(head[12:], entry.Index)
		binary.LittleEndian.PutUint64(head[20:], uint64(len(entry.Data)))
		hash.Write(head[:])
		hash.Write(entry.Data)
		if entry.Type == raftpb.EntryNormal && len(entry.Data) > 0 {
			found.Requests[requestKind(entry.Data)]++
		}
		found.LastIndex, found.LastTerm = entry.Index, entry.Term
	}
	found.Sha256 = hex.EncodeToString(hash.Sum(nil))
	return found, nil
}

func requestKind(data []byte) string {
	var request etcdserverpb.InternalRaftRequest
	if request.Unmarshal(data) != nil {
		var older etcdserverpb.Request
		if older.Unmarshal(data) != nil {
			return "undecodable"
		}
		return "v2"
	}
	switch {
	case request.V2 != nil:
		return "v2"
	case request.Range != nil:
		return "range"
	case request.Put != nil:
		return "put"
	case request.DeleteRange != nil:
		return "delete-range"
	case request.Txn != nil:
		return "txn"
	case request.Compaction != nil:
		return "compaction"
	case request.LeaseGrant != nil:
		return "lease-grant"
	case request.LeaseRevoke != nil:
		return "lease-revoke"
	case request.LeaseCheckpoint != nil:
		return "lease-checkpoint"
	case request.Alarm != nil:
		return "alarm"
	case request.ClusterVersionSet != nil:
		return "cluster-version-set"
	case request.ClusterMemberAttrSet != nil:
		return "cluster-member-attributes-set"
	case request.DowngradeInfoSet != nil:
		return "downgrade-info-set"
	default:
		return "other"
	}
}
