package lincheck

import (
	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
)

// ChildMain is the child's side of [Supervise]: it checks e and answers with the verdict. It
// crashes the process when that uses more memory than GOMEMLIMIT says.
func ChildMain(e kv.Entry, o Options) error {
	return drive.ChildMain(func() Verdict { return Check(e, o) }, o.Dir)
}
