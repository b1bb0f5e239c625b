// Package lincheck checks whether a map keeps the consistency level that it declares.
//
// [Check] records many short, seeded histories of a map in its own process and judges them by the
// laws of the map's level. Programs call [Supervise] instead, which starts a child process. The
// child calls [ChildMain]. A map that crashes, hangs or takes all memory then ends only the child,
// and goroutines that the map leaves behind are found. [JudgeFile] judges a saved history.
//
// A level of consistency is a value, see level.go. It lists the histories that must be legal, and
// so the checkers that the level implies. It also lists directed schedules that must break the next
// stronger level. So Check also finds a map that declares less than it keeps. [Properties] are what
// a map is found to have or not to have. [Controls] are maps that must fail: a checker that cannot
// say Illegal proves nothing.
//
// The work is done by four packages; each imports only those above it:
//
//	lincheck/history  recorded histories and their file format
//	lincheck/judge    the laws, and whether a history keeps them
//	lincheck/drive    recorders, schedules, child processes
//	lincheck/soak     long runs under an online oracle
//
// Package lincheck is a small facade of history, judge and drive. Beside it, lincheck/explore runs
// programs in every interleaving, and lincheck/mutants plants the faults that the checkers must
// find. The file matrix.md there says which checker finds which mutant.
//
// # Order of the files
//
// Each file uses only those before it: lincheck, level, check, child.
package lincheck
