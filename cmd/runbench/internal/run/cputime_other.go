//go:build !unix

package run

import "time"

// cpuTime returns 0: how much processor time the process has used is not known here.
func cpuTime() time.Duration { return 0 }
