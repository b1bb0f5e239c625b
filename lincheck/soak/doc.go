// Package soak runs a map for a long time under a load that changes from phase to phase. An online
// oracle checks every guard in constant memory, by law C7, with C0, C4 and C6; a goroutine that
// hangs breaks C9. Package judge lists the laws. The command calls [Run], through [ChildMain] in a
// child process.
//
// # Order of the files
//
// Each file uses only those before it: options, oracle, phase, guards, soak.
package soak
