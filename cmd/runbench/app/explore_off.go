//go:build !explore

package app

import "errors"

func (s *shell) explore(exploration) error {
	return errors.New("explore: this build has no schedule explorer; run it as: go run -tags explore ./cmd/runbench explore")
}
