//! What is wrong with a batch.

use actra::{InputCode, InputError};

/// What is wrong with an array, as the end of a sentence about its column.
pub(super) type Why = (InputCode, String);

/// An array that is not what the interface says.
pub(super) fn malformed<T>(what: impl Into<String>) -> Result<T, Why> {
    Err((InputCode::Malformed, what.into()))
}

/// An array of a type that no field takes.
pub(super) fn wrong_type<T>(what: impl Into<String>) -> Result<T, Why> {
    Err((InputCode::WrongType, what.into()))
}

/// The error of a column; an empty name is the batch's as a whole.
pub(super) fn error_of(column: &str, (code, what): Why) -> InputError {
    if column.is_empty() {
        return InputError { code, field: None, message: format!("the batch {what}") };
    }
    let message = format!("the column `{column}` {what}");
    InputError { code, field: Some(column.to_owned()), message }
}
