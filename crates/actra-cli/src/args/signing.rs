//! Arguments about keys and signatures.

use super::Format;
use std::path::PathBuf;

/// What is asked of a compiled policy before it is read.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Trust {
    /// Load only what this key has signed: a public key's file (repeatable)
    #[arg(long, value_name = "PUB")]
    pub(crate) trusted_key: Vec<PathBuf>,
    /// Load only a policy of this revision or a later one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) min_revision: u64,
}

/// Make a key to sign policies with
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Make a key to sign policies with: a private key, which only its owner can read, and the public key \
beside it, by which others know what was signed. Nothing is replaced: a key that is lost cannot be \
had again.

Keys are Ed25519 in PEM (RFC 8410), as OpenSSL and other tools read and write them: `openssl genpkey \
-algorithm ed25519` makes one, too. docs/signing.md tells what a signature promises and how keys are \
changed.",
    after_help = "\
Examples:
  actra keygen release.key
  actra keygen release.key --public keys/release.pub"
)]
pub(crate) struct Keygen {
    /// The private key's file
    #[arg(value_name = "KEY")]
    pub(crate) key: PathBuf,
    /// The public key's file [default: the private key's, with `.pub` behind it]
    #[arg(long, value_name = "FILE")]
    pub(crate) public: Option<PathBuf>,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Sign a compiled policy
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Sign a compiled policy: put the key's name to exactly this file, its revision included. Signatures by \
other keys stay; one by the same key is replaced. The file is verified first: what does not load is \
not signed.

The private key's file must be its owner's alone (`chmod 600`). `--key -` reads the key from standard \
input, so that it need not be on a disk.",
    after_help = "\
Examples:
  actra sign refund.actra --key release.key
  actra sign refund.actra --key release.key --output signed.actra
  pass show release | actra sign refund.actra --key -"
)]
pub(crate) struct Sign {
    /// The `.actra` file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The private key's file, or `-` for standard input (repeatable)
    #[arg(short, long, value_name = "KEY", required = true)]
    pub(crate) key: Vec<PathBuf>,
    /// Write here, and leave the file as it is
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the output file even if it is no artifact
    #[arg(long)]
    pub(crate) force: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Verify that a trusted key has signed a compiled policy
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Verify that a trusted key has signed a compiled policy, and that it loads.

One signature by a trusted key is enough; one that names a trusted key and is wrong refuses the file. \
Signatures by other keys are passed over. Commands that load a policy take the same options, and refuse \
the same files.",
    after_help = "\
Exit status:
  0    a trusted key has signed it, and it loads
  1    anything else; the problem's code says what: not_signed, unknown_key, wrong_signature, \
old_revision, ...

Examples:
  actra verify refund.actra --trusted-key release.pub
  actra verify refund.actra --trusted-key old.pub --trusted-key new.pub --min-revision 7"
)]
pub(crate) struct Verify {
    /// The `.actra` file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// A public key's file (repeatable)
    #[arg(long, value_name = "PUB", required = true)]
    pub(crate) trusted_key: Vec<PathBuf>,
    /// Ask for this revision or a later one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) min_revision: u64,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}
