// Package history holds recorded histories of maps: their types, and the file format in which they
// are saved. Package drive records histories, package judge judges them.
//
// # Words
//
// A history is what a few clients did with one map. A client is one goroutine with one handle. A
// [Call] is one operation of a client, with the times at which it was called and at which it
// returned. A [Guard] is an open read of one version of the map. A [Claim] says by which laws the
// history is to be judged.
//
// Stamped guards know their version. A history with the claim atomic or per-handle consists of
// stamped guards, and of the writes and publishes of one or more writers. The other claims know no
// versions; their histories consist of calls only.
//
// # Time
//
// Times are nanoseconds of the monotonic clock. A processor may read its clock early, while older
// instructions are still under way. So two readings on two processors may stand in the wrong
// order by a little. The slack of a history says by how much. If two events of different clients
// are less than the slack apart, their order is ambiguous. A checker never calls a history
// Illegal because of such a case. Calls are then Unknown, and stamped guards are Ok with a count
// of the cases. The order of one client's events is certain, even at equal times, but for a call
// that never returned.
//
// # History files
//
// A history file is JSON Lines. The first line is the header:
//
//	{"history":1,"claim":"atomic","map":"dbuf","slack_ns":100,"lag":1,"verdict":"Ok"}
//
// The fields history (the version of the format) and claim are required. A history of stamped
// guards may begin late: "from":33 says that the first publish made version 34, and that version
// 33 counts as empty. With "own_logs":true in a history that claims to be eventual, a publish
// must show what its client has written, and may show what others have written, of each client
// from the first write on that is not shown yet. The fields map and seed say how the history was
// recorded. The fields verdict, checker and note are the result of an earlier check; a checker
// does not rely on them.
//
// The newest version of the format is 2. It adds the operations clear, walk, retain and len,
// guards without the field closed, booleans, numbers that are negative, large or no whole
// numbers, several writers of one stamped history, clients that go on after a call that never
// returned, and own_logs. Version 1 has all the rest. Files of both versions are read alike. A
// file is written as version 1 if that can express it.
//
// Every other line is a call or a guard:
//
//	{"client":0,"op":"set","key":3,"new":17,"called":100,"returned":140}
//	{"client":1,"op":"get","key":3,"result":17,"called":120,"returned":160}
//	{"client":0,"op":"publish","version":1,"called":150,"returned":190}
//	{"client":2,"op":"guard","version":1,"called":200,"opened":210,"closed":300,"all":[[3,17]]}
//	{"client":2,"op":"guard","version":1,"called":310,"opened":320,"closed":400,"reads":[[4,null]]}
//	{"client":1,"op":"walk","called":500,"returned":590,"all":[[3,17]],"snapshot":true}
//	{"client":1,"op":"retain","called":600,"returned":690,"all":[[3,17]],"removed":[[5,-1]]}
//	{"client":1,"op":"len","called":700,"returned":710,"result":1}
//	{"client":0,"op":"clear","called":800,"returned":820}
//
// Lines may come in any order, but the lines of one client come in the order of its operations.
// Times are nanoseconds of one clock, of any origin. Keys and values are numbers, strings or
// booleans. Numbers are compared by their value: 1.0 is 1. A value that is not there is null or
// left out. A call without the field returned never returned, and its client may go on. A guard
// without the field closed was never closed.
//
// The field reads of a guard holds single lookups; all is the whole content, in any order. For a
// walk, all is what it saw. For a retain, all is what it saw and kept, and removed is what it
// removed. A walk or a retain that returned has the field all, [] for nothing. A clear, walk,
// retain or len with "snapshot":true must take effect for all keys at one instant. Else it may
// take effect for each key at a separate instant between its call and its return.
//
// Blank lines are skipped, and so is a byte-order mark. After one, the file may be in UTF-16.
//
// A last line without a newline was cut off: it is ignored, and the history is marked as Cut. Every
// other mistake is an error.
//
// # Histories of others
//
// [ParseJepsen] reads histories of Jepsen.
//
// # Order of the files
//
// Each file uses only those before it: outcome, history, describe, format, write, cursor, fields,
// parser, read, jepsen.
package history
