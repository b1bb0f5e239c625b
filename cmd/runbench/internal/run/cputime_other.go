//go:build !unix

package run

import (
	"os"
	"time"
)

// cpuTime returns 0: how much processor time the process has used is not known here.
func cpuTime() time.Duration { return 0 }

// mostResident returns 0: how much memory a process held is not known here.
func mostResident(*os.ProcessState) float64 { return 0 }
