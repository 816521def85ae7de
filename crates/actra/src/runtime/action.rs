//! Actions: what is about to be done.

use crate::InputValue;

/// An operation that asks to run: its type and its fields.
///
/// ```
/// use actra::Action;
///
/// let action = Action::new("refund").with("amount", 20).with("currency", "EUR");
/// assert_eq!(action.action_type(), "refund");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    fields: Vec<(String, InputValue)>,
}

impl Action {
    /// An action of that type, without fields.
    pub fn new(action_type: impl Into<String>) -> Self {
        Self { fields: vec![("type".to_owned(), InputValue::String(action_type.into()))] }
    }

    /// The same with one more field. A field that is given twice is an input error.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<InputValue>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Its type.
    pub fn action_type(&self) -> &str {
        self.fields.first().and_then(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The value of a field, where it is given.
    pub fn get(&self, name: &str) -> Option<&InputValue> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn into_value(self) -> InputValue {
        InputValue::Object(self.fields)
    }
}

impl From<&str> for Action {
    fn from(action_type: &str) -> Self {
        Self::new(action_type)
    }
}
