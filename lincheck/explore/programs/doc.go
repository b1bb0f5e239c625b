// Package programs has the programs with which the schedule explorer checks this project's own
// strategies, buffers and map. It needs the build tag explore: only then does the explorer control
// the code that the programs run.
package programs
