package names

import "testing"

func TestCommand(t *testing.T) {
	const line = "runbench check -seed 7"
	for program, want := range map[string]string{
		"./runbench":                       "./runbench check -seed 7",
		"runbench":                         line,
		"/opt/mine":                        "/opt/mine check -seed 7",
		"/opt/my maps/it":                  "'/opt/my maps/it' check -seed 7",
		"/tmp/go-build1/b001/exe/runbench": line,
	} {
		if got := commandOf(line, program); got != want {
			t.Errorf("%s: %s; want %s", program, got, want)
		}
	}
}
