//! Artifacts whose documents cannot be had.

use super::CompileError;
use actra_bytecode::artifact::{ArtifactError, Digest};

/// Why there are no documents to ask: see [`Policy::compile_documents`](crate::Policy::compile_documents)
/// and [`Policy::with_documents`](crate::Policy::with_documents).
#[derive(Clone, Debug, thiserror::Error)]
pub enum DocumentsError {
    /// The policy was loaded from an artifact that holds none.
    #[error("the artifact holds no documents")]
    NoDocuments,
    /// A document is missing among those that the artifact holds.
    #[error("the documents in the artifact lack `{name}`")]
    Lacks {
        /// The document.
        name: &'static str,
    },
    /// A document in the artifact is none that a policy has.
    #[error("the documents in the artifact include `{}`, which no policy has", name.escape_debug())]
    Unknown {
        /// What the artifact calls it.
        name: String,
    },
    /// The documents in the artifact do not compile.
    #[error("the documents in the artifact do not compile: {0}")]
    Compile(#[from] CompileError),
    /// They compile to another program than the artifact's.
    #[error(
        "the documents in the artifact compile to a program with the digest {computed}, and its \
         own has {stored}; it says that `{}` compiled it",
        compiler.escape_debug()
    )]
    OtherProgram {
        /// The digest of the artifact's program.
        stored: Digest,
        /// The digest of what its documents compile to.
        computed: Digest,
        /// The compiler that the artifact names.
        compiler: String,
    },
    /// They are another policy than the artifact says.
    #[error("the documents in the artifact have the policy hash {computed}, and it says {claimed}")]
    OtherPolicy {
        /// What the artifact says.
        claimed: Digest,
        /// What its documents have.
        computed: Digest,
    },
    /// An artifact cannot hold them.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl DocumentsError {
    /// A code for programs: `no_documents`, `other_documents`, `documents` where they do not
    /// compile, `bad_artifact` where no artifact can hold them.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoDocuments => "no_documents",
            Self::Lacks { .. }
            | Self::Unknown { .. }
            | Self::OtherProgram { .. }
            | Self::OtherPolicy { .. } => "other_documents",
            Self::Compile(_) => "documents",
            Self::Artifact(_) => "bad_artifact",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoDocuments => {
                "name the policy directory, or compile it again with `--with-documents`"
            }
            Self::Artifact(_) => "compile without documents",
            _ => "name the policy directory, or compile it again with this version",
        }
    }
}
