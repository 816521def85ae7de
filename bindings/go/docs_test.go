package actra_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// Code on the page is code of the examples, which are compiled and run.
func TestThePageOfTheBindingShowsCodeOfTheExamples(t *testing.T) {
	page, err := os.ReadFile("../../docs/go.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the page is not part of the module")
	}
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```go\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("the page shows %d pieces of code", len(blocks))
	}
	for _, block := range blocks {
		code, _, ended := strings.Cut(block, "```")
		if !ended || !strings.Contains(unindented(string(examples)), unindented(code)) {
			t.Errorf("no example has\n%s", code)
		}
	}
}
