//! Writes the atoms of a document in their other form, and touches nothing else: comments, order,
//! quoting elsewhere, indentation and line breaks stay byte for byte.
//!
//! `walk` finds the atoms, [`check`](crate::check) reads them, `short` and `long` print them,
//! `place` finds the bytes to replace and what stands around them.

mod diff;
mod long;
mod place;
mod same;
mod scalar;
mod short;
mod walk;

use crate::check::written::AtomReader;
use crate::diagnostic::{Report, SourceId, Sources, Span};
use crate::yaml::{self, Document, Node, Scalar, Value};
use place::Place;
pub use same::same_meaning;
use std::borrow::Cow;
use std::fmt;
use walk::Found;

/// A form of atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `action.amount > 1000`.
    Short,
    /// `subject`, `operator`, `value`.
    Long,
}

/// What a document is, which says where its atoms stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// `policy.yaml` or a document of `policies/`: under `when` and `define: conditions`.
    Policy,
    /// `governance.yaml`: under `assume`.
    Governance,
}

/// A document with its atoms in one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The document's text.
    pub text: String,
    /// Atoms that have been written anew.
    pub converted: usize,
    /// Atoms that had the form already.
    pub already: usize,
    /// Atoms that had to stay as they are, in document order.
    pub kept: Vec<Kept>,
    edits: Vec<Edit>,
}

/// An atom that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it stands.
    pub span: Span,
    /// Why.
    pub reason: Reason,
}

/// Why an atom cannot be written in the other form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The short form has no such name of a field.
    FieldName(String),
    /// The short form has no such name of a list.
    ListName(String),
    /// A text or a key holds both kinds of quotes.
    BothQuotes(String),
    /// A text or a key holds a character that only an escape can write.
    Character(char),
    /// The short form has no such number.
    Number(String),
    /// A comment inside of it would get lost.
    Comment,
    /// An anchor inside of it would get lost.
    Anchor,
    /// It has a tag, which is for the form that it has.
    Tag,
}

impl Reason {
    /// A word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FieldName(_) => "field_name",
            Self::ListName(_) => "list_name",
            Self::BothQuotes(_) => "both_quotes",
            Self::Character(_) => "character",
            Self::Number(_) => "number",
            Self::Comment => "comment",
            Self::Anchor => "anchor",
            Self::Tag => "tag",
        }
    }
}

/// One sentence without a full stop.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldName(name) => {
                write!(f, "the short form has no field names like `{}`", excerpt(name))
            }
            Self::ListName(name) => {
                write!(f, "the short form has no list names like `{}`", excerpt(name))
            }
            Self::BothQuotes(text) => {
                let text = excerpt(text);
                write!(f, "`{text}` holds both kinds of quotes, and the short form has no escapes")
            }
            Self::Character(char) => {
                let code = u32::from(*char);
                write!(f, "a text holds U+{code:04X}, and the short form has no escapes")
            }
            Self::Number(spelling) => write!(f, "the short form has no number `{spelling}`"),
            Self::Comment => f.write_str("the comment inside of it would get lost"),
            Self::Anchor => f.write_str("the anchor inside of it would get lost"),
            Self::Tag => f.write_str("it has a tag"),
        }
    }
}

/// Text short enough for a sentence.
fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// New text for some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Conversion {
    /// What changes, as a unified diff; empty where nothing does. `before` is the document's text
    /// before, and `name` its name.
    pub fn unified_diff(&self, before: &str, name: &str) -> String {
        diff::unified(before, &self.edits, name)
    }
}

/// Writes the atoms of a document in one form. `None` where the document cannot be read; what is
/// wrong with it is put into the report, and so is an atom that cannot be read.
///
/// Whether the outcome means the same is for the caller to see: it takes all documents of a policy
/// to tell. [`same_meaning`] compares them.
pub fn convert(
    sources: &Sources,
    id: SourceId,
    kind: DocumentKind,
    form: Form,
    report: &mut Report,
) -> Option<Conversion> {
    let source = sources.source(id)?.text.as_str();
    let document = yaml::read(sources, id, report)?;
    let mut converter = Converter {
        source,
        document: &document,
        reader: AtomReader::new(sources, report),
        line_break: line_break(source),
        out: Conversion {
            text: String::new(),
            converted: 0,
            already: 0,
            kept: Vec::new(),
            edits: Vec::new(),
        },
    };
    for found in walk::atoms(source, &document, kind) {
        converter.atom(&found, form);
    }
    let mut out = converter.out;
    out.edits.sort_by_key(|edit| edit.start);
    out.kept.sort_by_key(|kept| kept.span);
    out.text = apply(source, &out.edits);
    Some(out)
}

struct Converter<'s, 'd, 'r> {
    source: &'s str,
    document: &'d Document,
    reader: AtomReader<'r>,
    line_break: &'static str,
    out: Conversion,
}

impl<'d> Converter<'_, 'd, '_> {
    fn atom(&mut self, found: &Found<'d>, form: Form) {
        let is_short = matches!(found.node.value, Value::Scalar(Scalar::String(_)));
        if is_short == (form == Form::Short) {
            self.out.already += 1;
            return;
        }
        match self.edit(found, form) {
            Some(Ok(edit)) => {
                self.out.converted += 1;
                self.out.edits.push(edit);
            }
            Some(Err(reason)) => {
                let span = self.document.span(found.node);
                self.out.kept.push(Kept { span, reason });
            }
            None => {}
        }
    }

    fn edit(&mut self, found: &Found<'d>, form: Form) -> Option<Result<Edit, Reason>> {
        let atom = self.reader.read(self.document, found.node)?;
        let place = Place::find(self.source, self.document, found);
        Some(self.check_place(found.node, &place, form).and_then(|()| match form {
            Form::Short => {
                let text = short::print(&atom)?;
                Ok(place.replace_by_short(&scalar::atom(&text, place.flow)))
            }
            Form::Long => {
                Ok(place.replace_by_long(self.source, &long::print(&atom), self.line_break))
            }
        }))
    }

    /// Whether something would get lost.
    fn check_place(&self, node: &Node, place: &Place, form: Form) -> Result<(), Reason> {
        if place.tag {
            return Err(Reason::Tag);
        }
        if form == Form::Short {
            place::inside(self.source, self.document, node)
        } else if place.header.is_some() && place.comment {
            Err(Reason::Comment)
        } else {
            Ok(())
        }
    }
}

/// The line break that a document uses: that of its first line.
fn line_break(source: &str) -> &'static str {
    match source.split_once('\n') {
        Some((line, _)) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The text with its edits made. They are sorted and do not overlap.
fn apply(source: &str, edits: &[Edit]) -> String {
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    for edit in edits {
        text.push_str(source.get(at..edit.start).unwrap_or_default());
        text.push_str(&edit.text);
        at = edit.end;
    }
    text.push_str(source.get(at..).unwrap_or_default());
    text
}
