package actra

import "bytes"

// loadOptions are the options of Load and Open, put together.
type loadOptions struct {
	refusesUnknown   bool
	asksForSignature bool
	trustedKeys      [][]byte
	minRevision      uint64
}

func optionsOf(options []LoadOption) loadOptions {
	var found loadOptions
	for _, option := range options {
		option(&found)
	}
	return found
}

// asksWhoMadeIt tells whether documents, which carry neither signatures nor a revision, are refused.
func (o *loadOptions) asksWhoMadeIt() bool { return o.asksForSignature || o.minRevision > 0 }

// WithTrustedKeys loads only what one of these Ed25519 public keys has signed, or of those of another
// WithTrustedKeys; that is checked before anything else in the file is read. A key is the contents of a PEM
// file, or its 32 bytes, such as an ed25519.PublicKey. Without any key nothing is loaded.
//
// What is refused gives an *ArtifactError: not_signed, unknown_key or wrong_signature; bad_key where a key
// is none. Documents are signed by nobody, so that [Open] refuses a directory.
func WithTrustedKeys(keys ...[]byte) LoadOption {
	kept := make([][]byte, len(keys))
	for i, key := range keys {
		kept[i] = bytes.Clone(key)
	}
	return func(o *loadOptions) {
		o.asksForSignature = true
		o.trustedKeys = append(o.trustedKeys, kept...)
	}
}

// WithMinRevision loads only what has this revision or a later one, so that nobody brings an old policy
// back whose signature was right in its time. Without [WithTrustedKeys] a revision is what the file says.
// What is refused gives an *ArtifactError with the code old_revision. 0 asks for nothing.
func WithMinRevision(revision uint64) LoadOption {
	return func(o *loadOptions) { o.minRevision = revision }
}

// Revision gives the owner's number for this state of the policy (actra compile --revision), 0 where there is
// none. Of an artifact that was loaded without [WithTrustedKeys] it is the file's claim.
func (p *Policy) Revision() uint64 { return p.facts.revision }
