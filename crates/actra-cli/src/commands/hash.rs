//! `actra hash`.

use crate::args::{Format, Hash};
use crate::failure::Failure;
use crate::output::{self, Paint};
use actra::{Policy, hex};
use anstream::ColorChoice;
use serde::Serialize;

/// What identifies a policy.
#[derive(Debug, Serialize)]
pub(super) struct Identity {
    pub(super) policy_hash: String,
    /// Whether the policy hash is only what a file says, and nothing has been computed.
    pub(super) claimed: bool,
    pub(super) program_digest: String,
    /// 0 where there is none; claimed as the policy hash is.
    pub(super) revision: u64,
}

impl Identity {
    pub(super) fn of(policy: &Policy) -> Self {
        Self {
            policy_hash: hex(&policy.policy_hash()),
            claimed: policy.is_artifact() && policy.verified_keys().is_empty(),
            program_digest: hex(&policy.program_digest()),
            revision: policy.revision(),
        }
    }
}

pub(super) fn run(args: &Hash, color: ColorChoice) -> Result<(), Failure> {
    let identity = Identity::of(&args.trust.load(&args.policy)?);
    let text = match args.format {
        Format::Json => output::pretty_json(&identity),
        Format::Text if args.program => identity.program_digest + "\n",
        Format::Text => {
            if identity.claimed {
                let note = Paint::Help.of("note");
                output::note(
                    &format!(
                        "{note}: this is what the file says of the documents that it was compiled \
                         from; compare it with `actra hash DIR`\n"
                    ),
                    color,
                );
            }
            identity.policy_hash + "\n"
        }
    };
    output::print(&text, args.format, color)
}
