// Package programs has the programs by which the schedule explorer checks this
// project's own strategies, buffers and map. They exist under the build tag explore
// only, since the code that they run is under the explorer only then.
package programs
