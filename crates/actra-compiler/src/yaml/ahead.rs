//! Reading ahead: what a simple document seems to say, before the reader that alone says what
//! documents mean is through with it. That takes as long as all the rest of compiling, and goes on
//! beside it.

use super::characters::forbidden;
use super::events::{Event, Style, What};
use super::hazards::survey;
use super::meaning::{self, Hearer};
use super::read::{Reading, SUSPECT_FLOW_DEPTH};
use super::scalar::{agrees, core, core_schema};
use super::{Document, Scalar, simple};
use crate::diagnostic::{Report, SourceId, Sources};
use crate::limits::MAX_DOCUMENT_BYTES;
use std::cell::Cell;

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
        let walk = Walk { text, nodes: &events.nodes, at: Cell::new(0) };
        let is_seen = meaning::tell(text, &walk) && walk.at.get() == events.nodes.len();
        is_seen.then_some(())
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

/// Holds what a document means against what is seen of it, node by node.
struct Walk<'t> {
    text: &'t str,
    nodes: &'t [Event],
    /// The next node's number.
    at: Cell<usize>,
}

impl<'t> Walk<'t> {
    fn next(&self) -> Option<&'t What> {
        let at = self.at.get();
        self.at.set(at + 1);
        self.nodes.get(at).map(|event| &event.what)
    }
}

/// Each node must be what [`simple::tree`] makes of its event, once both are joined with that.
impl Hearer for Walk<'_> {
    fn string(&self, value: &str) -> bool {
        let Some(What::Scalar { text, style }) = self.next() else { return false };
        let written = text.as_str(self.text);
        let is_same = || match (style, core(written)) {
            (Style::Quoted, _) | (Style::Plain, None) => true,
            // What only our schema takes for a number.
            (Style::Plain, other) => {
                core_schema(&Scalar::String(value.to_owned()), written) == other
            }
            (Style::Tagged, _) => false,
        };
        value == written && is_same()
    }

    fn other(&self, scalar: &Scalar) -> bool {
        let Some(What::Scalar { text, style: Style::Plain }) = self.next() else { return false };
        let written = text.as_str(self.text);
        // What only the reader takes for a number is text.
        let meant = match core_schema(scalar, written) {
            Some(Scalar::String(_)) => None,
            Some(other) => Some(other),
            None => Some(scalar.clone()),
        };
        agrees(scalar, written, Style::Plain) && meant == core(written)
    }

    fn sequence(&self) -> Option<u32> {
        match self.next()? {
            What::Sequence { len } => Some(*len),
            _ => None,
        }
    }

    fn mapping(&self) -> Option<u32> {
        match self.next()? {
            What::Mapping { len } => Some(*len),
            _ => None,
        }
    }
}
