package history

import (
	"fmt"
	"time"
)

// newestFormat is the newest version of the format. A checker that knows only version 1 refuses
// what version 2 adds.
const newestFormat = 2

// headerLine is the first line of a file.
type headerLine struct {
	History int     `json:"history"`
	Claim   Claim   `json:"claim"`
	Map     string  `json:"map,omitempty"`
	Seed    uint64  `json:"seed,omitempty"`
	SlackNS int64   `json:"slack_ns"`
	Lag     uint64  `json:"lag,omitempty"`
	From    uint64  `json:"from,omitempty"`
	OwnLogs bool    `json:"own_logs,omitempty"`
	Verdict Outcome `json:"verdict"`
	Checker string  `json:"checker,omitempty"`
	Note    string  `json:"note,omitempty"`
}

// callLine is the line of a call. Keys and values are numbers or strings; nil is no value.
type callLine struct {
	Client   int    `json:"client"`
	Op       string `json:"op"`
	Key      any    `json:"key,omitempty"`
	Old      any    `json:"old,omitempty"`
	New      any    `json:"new,omitempty"`
	Result   any    `json:"result,omitempty"`
	Did      *bool  `json:"did,omitempty"`
	Version  uint64 `json:"version,omitempty"`
	Called   int64  `json:"called"`
	Returned *int64 `json:"returned,omitempty"`
	Snapshot bool   `json:"snapshot,omitempty"`

	All     [][2]any `json:"all,omitzero"`
	Removed [][2]any `json:"removed,omitempty"`
}

// guardLine is the line of a guard.
type guardLine struct {
	Client  int      `json:"client"`
	Op      string   `json:"op"`
	Version uint64   `json:"version"`
	Called  int64    `json:"called"`
	Opened  int64    `json:"opened"`
	Closed  *int64   `json:"closed,omitempty"`
	Reads   [][2]any `json:"reads,omitempty"`
	All     [][2]any `json:"all,omitzero"`
}

// field is one of the fields of an event's line.
type field int

const (
	fClient field = iota
	fOp
	fVersion
	fKey
	fOld
	fNew
	fResult
	fDid
	fCalled
	fReturned
	fOpened
	fClosed
	fReads
	fAll
	fRemoved
	fSnapshot
	numFields
)

var fieldNames = [numFields]string{"client", "op", "version", "key", "old", "new", "result", "did", "called", "returned", "opened", "closed", "reads", "all", "removed", "snapshot"}

func (f field) String() string { return fieldNames[f] }

// fieldSet is a set of fields.
type fieldSet uint32

func setOf(fields ...field) (s fieldSet) {
	for _, f := range fields {
		s |= 1 << f
	}
	return s
}

func (s fieldSet) has(f field) bool { return s>>f&1 != 0 }

// names lists the fields of s.
func (s fieldSet) names() (list []string) {
	for f := range numFields {
		if s.has(f) {
			list = append(list, f.String())
		}
	}
	return list
}

// opGuard is a guard in lists of operations.
const opGuard = Len + 1

// kinds lists, for each kind of line, its name, its required fields and its optional ones.
var kinds = [...]struct {
	name      string
	must, may fieldSet
}{
	Get:              {Get.String(), setOf(fClient, fOp, fKey, fCalled), setOf(fResult, fReturned)},
	Set:              {Set.String(), setOf(fClient, fOp, fKey, fNew, fCalled), setOf(fReturned)},
	Delete:           {Delete.String(), setOf(fClient, fOp, fKey, fCalled), setOf(fReturned)},
	Publish:          {Publish.String(), setOf(fClient, fOp, fCalled), setOf(fVersion, fReturned)},
	Swap:             {Swap.String(), setOf(fClient, fOp, fKey, fNew, fCalled), setOf(fResult, fReturned)},
	LoadOrStore:      {LoadOrStore.String(), setOf(fClient, fOp, fKey, fNew, fCalled), setOf(fResult, fDid, fReturned)},
	LoadAndDelete:    {LoadAndDelete.String(), setOf(fClient, fOp, fKey, fCalled), setOf(fResult, fReturned)},
	CompareAndSwap:   {CompareAndSwap.String(), setOf(fClient, fOp, fKey, fOld, fNew, fCalled), setOf(fDid, fReturned)},
	CompareAndDelete: {CompareAndDelete.String(), setOf(fClient, fOp, fKey, fOld, fCalled), setOf(fDid, fReturned)},
	Clear:            {Clear.String(), setOf(fClient, fOp, fCalled), setOf(fSnapshot, fReturned)},
	Walk:             {Walk.String(), setOf(fClient, fOp, fCalled), setOf(fAll, fSnapshot, fReturned)},
	Retain:           {Retain.String(), setOf(fClient, fOp, fCalled), setOf(fAll, fRemoved, fSnapshot, fReturned)},
	Len:              {Len.String(), setOf(fClient, fOp, fCalled), setOf(fResult, fSnapshot, fReturned)},
	opGuard:          {"guard", setOf(fClient, fOp, fVersion, fCalled, fOpened), setOf(fReads, fAll, fClosed)},
}

// claimOps lists the operations that a history of each claim may have.
var claimOps = map[Claim][]Op{
	ClaimLinearizable:      {Get, Set, Delete, Swap, LoadOrStore, LoadAndDelete, CompareAndSwap, CompareAndDelete, Clear, Walk, Retain, Len},
	ClaimAtomic:            {Set, Delete, Publish, Clear, opGuard},
	ClaimPerHandle:         {Set, Delete, Publish, Clear, opGuard},
	ClaimEventual:          {Get, Set, Delete, Publish, Clear, Walk},
	ClaimEventualPerHandle: {Get, Set, Delete, Publish, Clear, Walk},
}

func (line headerLine) header() (Header, error) {
	if line.History < 1 || line.History > newestFormat {
		return Header{}, fmt.Errorf(`"history" is %d; want 1 or %d, the version of the format`, line.History, newestFormat)
	}
	if _, known := claimOps[line.Claim]; !known {
		return Header{}, fmt.Errorf("unknown claim %q; want one of %v", line.Claim, claims)
	}
	if line.SlackNS < 0 || line.SlackNS > 1<<61 {
		return Header{}, fmt.Errorf("slack_ns is %d; want nanoseconds from 0 to 2^61", line.SlackNS)
	}
	if line.Lag >= 1<<32 {
		return Header{}, fmt.Errorf("lag is %d; want the number of versions that a guard may fall behind, below 2^32", line.Lag)
	}
	if line.From >= 1<<62 || line.From > 0 && !line.Claim.Stamped() {
		return Header{}, fmt.Errorf("from is %d in a history that claims to be %s; want the version before the first, below 2^62, of stamped guards", line.From, line.Claim)
	}
	if line.OwnLogs && line.Claim != ClaimEventual && line.Claim != ClaimEventualPerHandle {
		return Header{}, fmt.Errorf("own_logs in a history that claims to be %s; want it with %s or %s only", line.Claim, ClaimEventual, ClaimEventualPerHandle)
	}
	return Header{line.Claim, line.Map, line.Seed, time.Duration(line.SlackNS), line.Lag, line.From, line.OwnLogs, line.Verdict, line.Checker, line.Note}, nil
}
