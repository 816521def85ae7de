package actra_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Code on the page is code of the examples, which are compiled and run.
func TestThePageOfTheRuntimeShowsCodeOfTheExamples(t *testing.T) {
	page, err := os.ReadFile("../../docs/go-runtime.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the page is not part of the module")
	}
	if err != nil {
		t.Fatal(err)
	}
	examples := ""
	for _, path := range []string{"example_runtime_test.go", filepath.Join("httpmw", "example_test.go")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples += string(text)
	}
	blocks := strings.Split(string(page), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the page shows no code")
	}
	for _, block := range blocks {
		code, _, ended := strings.Cut(block, "```")
		if !ended || !strings.Contains(unindented(examples), unindented(code)) {
			t.Errorf("no example has\n%s", code)
		}
	}
}

func unindented(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
