//! What a simple document seems to say.

use super::super::events::{Event, Events, Style, What};
use super::super::scalar::core;
use super::super::{Entry, Node, Scalar, Value};
use std::slice::Iter;

/// The tree of a simple document, by the events of it.
pub(in super::super) fn tree(text: &str, events: &Events) -> Option<Node> {
    let mut builder = Builder { text, events: events.nodes.iter(), id: 0 };
    builder.node()
}

struct Builder<'t> {
    text: &'t str,
    events: Iter<'t, Event>,
    /// The next node's number.
    id: u32,
}

impl Builder<'_> {
    /// The next node. Simple documents are not deep.
    fn node(&mut self) -> Option<Node> {
        let event = self.events.next()?;
        let id = self.id;
        self.id += 1;
        let value = match &event.what {
            What::Scalar { text, style } => {
                let written = text.as_str(self.text);
                let other = match style {
                    Style::Plain => core(written),
                    Style::Quoted => None,
                    Style::Tagged => return None,
                };
                Value::Scalar(other.unwrap_or_else(|| Scalar::String(written.to_owned())))
            }
            What::Sequence { len } => {
                let items = (0..*len).map(|_| self.node());
                Value::Sequence(items.collect::<Option<_>>()?)
            }
            What::Mapping { len } => {
                let entries =
                    (0..*len).map(|_| Some(Entry { key: self.node()?, value: self.node()? }));
                Value::Mapping(entries.collect::<Option<_>>()?)
            }
            What::Alias { .. } => return None,
        };
        Some(Node { id, value })
    }
}
