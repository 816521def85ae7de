package actra

import (
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// signing is the folder of signed artifacts.
const signing = "../../conformance/signing"

type signedCase struct {
	Name        string
	File        string
	TrustedKeys []string `json:"trusted_keys"`
	MinRevision uint64   `json:"min_revision"`
	Result      string
}

func signingFile(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(signing, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// loadCode loads, by both doors, and gives `ok` or the code of the refusal.
func loadCode(t *testing.T, file string, options ...LoadOption) string {
	t.Helper()
	code := func(policy *Policy, err error) string {
		var failure *ArtifactError
		switch {
		case err == nil:
			policy.Close()
			return "ok"
		case errors.As(err, &failure):
			return failure.Code
		default:
			return err.Error()
		}
	}
	loaded := code(Load(signingFile(t, file), options...))
	opened := code(Open(filepath.Join(signing, file), options...))
	if loaded != opened {
		t.Errorf("%s: Load gives %s, and Open %s", file, loaded, opened)
	}
	return loaded
}

func TestEverySigningCaseComesOutAsItSays(t *testing.T) {
	var cases []signedCase
	if err := json.Unmarshal(signingFile(t, "cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 30 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		options := []LoadOption{WithMinRevision(c.MinRevision)}
		// A nil slice is null: no signature is asked for.
		if c.TrustedKeys != nil {
			keys := make([][]byte, len(c.TrustedKeys))
			for i, name := range c.TrustedKeys {
				keys[i] = signingFile(t, name)
			}
			options = append(options, WithTrustedKeys(keys...))
		}
		if got := loadCode(t, c.File, options...); got != c.Result {
			t.Errorf("%s: %s, not %s", c.Name, got, c.Result)
		}
	}
}

func TestAKeyIsPEMOrItsBytes(t *testing.T) {
	text := signingFile(t, "a.pub")
	block, _ := pem.Decode(text)
	key := ed25519.PublicKey(block.Bytes[len(block.Bytes)-ed25519.PublicKeySize:])
	for _, options := range [][]LoadOption{
		{WithTrustedKeys(text)},
		{WithTrustedKeys(key)},
		{WithTrustedKeys(signingFile(t, "b.pub"), key)},
		{WithTrustedKeys(), WithTrustedKeys(key)},
		{WithTrustedKeys(key), WithTrustedKeys(), RefuseUnknownFields()},
	} {
		if got := loadCode(t, "signed.actra", options...); got != "ok" {
			t.Error(got)
		}
	}
	for _, bad := range [][]byte{nil, {}, key[:31], append(key[:32:32], 0), []byte("key"), make([]byte, 32)} {
		if got := loadCode(t, "signed.actra", WithTrustedKeys(key, bad)); got != "bad_key" {
			t.Errorf("%q: %s", bad, got)
		}
	}
}

func TestAKeyIsKeptAsItWasGiven(t *testing.T) {
	key := signingFile(t, "a.pub")
	option := WithTrustedKeys(key)
	clear(key)
	if got := loadCode(t, "signed.actra", option); got != "ok" {
		t.Error(got)
	}
}

func TestDocumentsAreSignedByNobody(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"schema.yaml": refundSchema, "policy.yaml": refundPolicy} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code := func(options ...LoadOption) string {
		policy, err := Open(folder, options...)
		var failure *ArtifactError
		if errors.As(err, &failure) {
			return failure.Code
		} else if err != nil {
			t.Fatal(err)
		}
		policy.Close()
		return "ok"
	}
	for want, got := range map[string]string{
		"ok":           code(WithMinRevision(0)),
		"not_signed":   code(WithTrustedKeys()),
		"old_revision": code(WithMinRevision(1)),
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestEveryChangedByteOfASignedFileIsNoticed(t *testing.T) {
	file, key := signingFile(t, "signed.actra"), signingFile(t, "a.pub")
	for at := range file {
		file[at] ^= 0x40
		if policy, err := Load(file, WithTrustedKeys(key)); err == nil {
			policy.Close()
			t.Errorf("byte %d", at)
		}
		file[at] ^= 0x40
	}
}

func TestAPolicyTellsItsRevision(t *testing.T) {
	for name, want := range map[string]uint64{"signed.actra": 7, "raised.actra": 8, "unsigned.actra": 0} {
		policy, err := Load(signingFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Revision(); got != want {
			t.Errorf("%s: %d", name, got)
		}
		policy.Close()
	}
	if got := loadCode(t, "signed.actra", WithMinRevision(math.MaxUint64)); got != "old_revision" {
		t.Error(got)
	}
}

// Go's own Ed25519 verifies what is signed here, over the bytes that docs/signing.md tells.
func TestGoVerifiesASignature(t *testing.T) {
	file := signingFile(t, "signed.actra")
	body, entry := file[:len(file)-96], file[len(file)-96:]
	unsigned := append([]byte(nil), body...)
	clear(unsigned[68:72])
	block, _ := pem.Decode(signingFile(t, "a.pub"))
	key := ed25519.PublicKey(block.Bytes[len(block.Bytes)-ed25519.PublicKeySize:])
	message := append([]byte("DSSEv1 30 application/vnd.actra.artifact 2937 "), unsigned...)
	if len(unsigned) != 2937 || !ed25519.Verify(key, message, entry[32:]) {
		t.Error("Go does not take the signature for one")
	}
}
