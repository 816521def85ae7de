//! What can go wrong: documents that do not compile, inputs that cannot be decided.

#[cfg(feature = "compiler")]
mod compile;
#[cfg(feature = "compiler")]
mod documents;

use crate::signing::TrustError;
use actra_bytecode::artifact::ArtifactError;
#[cfg(feature = "compiler")]
pub use compile::{CompileError, render_all};
#[cfg(feature = "compiler")]
pub use documents::DocumentsError;

pub use actra_vm::InputCode;
use std::fmt;
use std::path::PathBuf;

/// A policy that cannot be loaded from a path.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The directory's documents do not compile.
    #[cfg(feature = "compiler")]
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The file is no artifact that can be loaded.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// It is not signed by who is trusted, or too old.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The path cannot be read.
    #[error("`{}` cannot be read: {error}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
}

/// An input that cannot be decided. It is not a decision: whoever enforces one blocks on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong.
    pub code: InputCode,
    /// With which field, as the short form writes it; `None`: with the text as a whole.
    pub field: Option<String>,
    /// A sentence for people. The value itself is never quoted.
    pub message: String,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for InputError {}

impl serde::Serialize for InputError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut object = serializer.serialize_struct("InputError", 3)?;
        object.serialize_field("code", self.code.as_str())?;
        object.serialize_field("field", &self.field)?;
        object.serialize_field("message", &self.message)?;
        object.end()
    }
}

impl From<crate::input::Fault> for InputError {
    fn from(fault: crate::input::Fault) -> Self {
        Self { code: fault.code, field: fault.field, message: fault.message }
    }
}

impl InputError {
    /// The evaluator's error, with the frame that it is about.
    pub(crate) fn of(error: &actra_vm::InputError, frame: &actra_vm::Frame<'_, '_>) -> Self {
        let field = frame.field_name(error).map(|name| name.to_string());
        let name = field.as_deref().unwrap_or("the input");
        let found = error.found.as_str();
        let message = match error.code {
            InputCode::WrongType => match expected(error, frame) {
                Some(expected) => format!("`{name}` is {found}, and the schema says {expected}"),
                None => format!("`{name}` is {found}, which it cannot be"),
            },
            InputCode::NotFinite => format!("`{name}` is {found}, which is no value"),
            InputCode::OutOfRange => format!("`{name}` is outside 64 bits"),
            InputCode::MissingRequired => format!("`{name}` is required and missing"),
            InputCode::NotInEnum => {
                format!("`{name}` is none of the values that its `enum` admits")
            }
            InputCode::BelowMin => format!("`{name}` is below its `min`"),
            InputCode::AboveMax => format!("`{name}` is above its `max`"),
            InputCode::TooLong => format!("`{name}` is longer than its `max_length`"),
            InputCode::NotUnique => format!("`{name}` holds an item twice"),
            InputCode::NotUtf8 => format!("`{name}` is not UTF-8"),
            InputCode::UnknownAction => "`action.type` names no action of the schema".to_owned(),
            InputCode::UnknownField => format!("the schema does not name `{name}` here"),
            InputCode::TooLarge if error.found == actra_vm::Found::Nothing => {
                format!("`{name}` holds a string or a list over its limit")
            }
            InputCode::TooLarge => format!("`{name}` is {found}, and over its limit"),
            InputCode::DuplicateKey | InputCode::TooDeep | InputCode::Malformed => {
                format!("`{name}` is not well-formed")
            }
        };
        Self { code: error.code, field, message }
    }
}

/// What the schema says that the field is. The same name may be of different types under
/// different actions: then nothing is said.
fn expected(error: &actra_vm::InputError, frame: &actra_vm::Frame<'_, '_>) -> Option<&'static str> {
    let program = frame.program();
    let slot = match error.field {
        actra_vm::FieldName::Slot(slot) => slot,
        actra_vm::FieldName::Entry(slot, _) => {
            return same(program.fields().iter().filter(|field| field.slot == slot).map(|field| {
                field.ty.values().map_or("nothing", actra_bytecode::program::FieldType::as_str)
            }));
        }
        _ => return None,
    };
    if slot == program.action_type_slot() {
        return Some("string");
    }
    same(program.fields().iter().filter(|field| field.slot == slot).map(|field| field.ty.as_str()))
}

fn same(mut names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}
