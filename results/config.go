package results

import (
	"iter"
	"strings"
)

// Config is the file configuration of a benchmark of another program: lines "key: value", sorted by
// key. It is comparable.
type Config string

// All yields the keys and their values, in the order of the keys.
func (c Config) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for line := range strings.Lines(string(c)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if !yield(key, value) {
				return
			}
		}
	}
}

// Get returns the value of a key, or "".
func (c Config) Get(key string) string {
	for k, value := range c.All() {
		if k == key {
			return value
		}
	}
	return ""
}

// With returns c with another value of a key. The value "" removes the key.
func (c Config) With(key, value string) Config {
	var lines strings.Builder
	write := func(k, v string) {
		if v != "" {
			lines.WriteString(k + ": " + v + "\n")
		}
	}
	written := false
	for k, v := range c.All() {
		if !written && k >= key {
			write(key, value)
			written = true
		}
		if k != key {
			write(k, v)
		}
	}
	if !written {
		write(key, value)
	}
	return Config(lines.String())
}
