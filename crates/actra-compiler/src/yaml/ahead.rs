//! Reading ahead: what a simple document seems to say, before the reader that alone says what
//! documents mean is through with it. That takes as long as all the rest of compiling, and goes on
//! beside it.

use super::characters::forbidden;
use super::events::{Event, Style, What};
use super::hazards::survey;
use super::read::{Reading, SUSPECT_FLOW_DEPTH};
use super::scalar::{agrees, core, core_schema};
use super::{Document, Entry, Node, Scalar, Value, meaning, simple};
use crate::diagnostic::{Report, SourceId, Sources};
use crate::limits::MAX_DOCUMENT_BYTES;
use std::slice::Iter;

/// Reads a document that keeps to the simple part of YAML without `serde_yaml`. What it seems to
/// say is not to be relied on before [`confirms`] has found that it means this. `None`, and nothing
/// reported, of any other document.
pub(crate) fn read_ahead(sources: &Sources, id: SourceId, report: &mut Report) -> Option<Document> {
    let (text, base) = text(sources, id)?;
    let events = simple::read(text)?;
    let root = simple::tree(text, &events)?;
    Reading { id, base, report }.join_simple(text, root, &events)
}

/// Whether [`read_ahead`] gives of this document what [`read`](super::read) gives.
pub(crate) fn confirms(sources: &Sources, id: SourceId) -> bool {
    let means_it = || {
        let (text, _) = text(sources, id)?;
        // The first is quick to see that a document is not simple.
        let events = simple::read(text)?;
        if survey(text).flow_depth > SUSPECT_FLOW_DEPTH {
            return None;
        }
        let meaning = meaning::read(text).ok()?;
        let root = Some(&meaning.root).filter(|_| !meaning.foreign_tags)?;
        let mut walk = Walk { text, events: events.nodes.iter(), id: 0 };
        (walk.is_seen(root) && walk.events.next().is_none()).then_some(())
    };
    means_it().is_some()
}

/// The text of a document without its byte order mark, and where it begins. `None` where limits or
/// forbidden characters keep it from being read.
fn text(sources: &Sources, id: SourceId) -> Option<(&str, u32)> {
    let whole = sources.source(id)?.text.as_str();
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let is_fine = whole.len() <= MAX_DOCUMENT_BYTES && forbidden(text).next().is_none();
    is_fine.then_some((text, (whole.len() - text.len()) as u32))
}

/// Goes through what a document means and what is seen of it, side by side.
struct Walk<'t> {
    text: &'t str,
    events: Iter<'t, Event>,
    /// The next node's number.
    id: u32,
}

impl Walk<'_> {
    /// Whether a node is what [`simple::tree`] makes of the next event, once joined.
    fn is_seen(&mut self, node: &Node) -> bool {
        let Some(event) = self.events.next() else { return false };
        let id = self.id;
        self.id += 1;
        if node.id != id {
            return false;
        }
        match (&node.value, &event.what) {
            (Value::Scalar(scalar), What::Scalar { text, style }) => {
                is_seen_as(scalar, text.as_str(self.text), *style)
            }
            (Value::Sequence(items), What::Sequence { len }) => {
                items.len() == *len as usize && items.iter().all(|item| self.is_seen(item))
            }
            (Value::Mapping(entries), What::Mapping { len }) => {
                let mut is_seen =
                    |Entry { key, value }: &Entry| self.is_seen(key) && self.is_seen(value);
                entries.len() == *len as usize && entries.iter().all(&mut is_seen)
            }
            _ => false,
        }
    }
}

/// Whether joining a scalar with its event gives what joining what is written there gives.
fn is_seen_as(scalar: &Scalar, written: &str, style: Style) -> bool {
    if !agrees(scalar, written, style) {
        return false;
    }
    match style {
        Style::Plain => *core_schema(scalar, written).as_ref().unwrap_or(scalar) == core(written),
        Style::Quoted => true,
        Style::Tagged => false,
    }
}
