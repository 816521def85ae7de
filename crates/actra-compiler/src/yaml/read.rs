//! Reading: both readers, beside each other where that pays, and what went wrong in words.

use super::characters::forbidden;
use super::events::{self, Events, Stop};
use super::hazards::{Hazards, survey};
use super::join::{Disagreement, Joiner, KeyFault, Range};
use super::meaning::{self, Fault, Meaning};
use super::refusal::{Refusal, offset, word};
use super::{Document, Node, Scalar, Value, simple, syntax};
use crate::diagnostic::{Code, Diagnostic, Report, SourceId, Sources, Span};
use crate::limits::{
    MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH, MAX_DOCUMENT_NODES, MAX_DOCUMENT_TEXT_BYTES,
};
use std::borrow::Cow;
use std::thread;

/// From this size on a thread is worth its start.
const PARALLEL_FROM_BYTES: usize = 16 << 10;

/// Flow collections that may be open at once without making a document suspect. It is more than
/// any document can have, so that miscounting some brackets costs nothing.
pub(super) const SUSPECT_FLOW_DEPTH: u32 = 1_000;

/// Directives of a document. `serde_yaml` compares each with all before it.
const MAX_DIRECTIVES: usize = 64;

/// Forbidden characters that are reported one by one. A file full of them is no text.
const FORBIDDEN_REPORTED: usize = 8;

/// Characters of the document's names and of a reader's messages that are shown.
const MAX_NAME_CHARS: usize = 80;
const MAX_MESSAGE_CHARS: usize = 300;

/// Reads a document. Syntax errors, duplicate keys, foreign tags, merge keys and documents over a
/// limit are reported; `None` where nothing can be made of it.
pub fn read(sources: &Sources, id: SourceId, report: &mut Report) -> Option<Document> {
    let whole = sources.source(id)?.text.as_str();
    let mut reading = Reading { id, base: 0, report };
    if whole.len() > MAX_DOCUMENT_BYTES {
        let message = format!(
            "the document has {} bytes, and the limit is {MAX_DOCUMENT_BYTES}",
            whole.len()
        );
        reading.error(Code::DocumentTooLarge, (0, 0), message);
        return None;
    }
    // A byte order mark may open the document and says nothing.
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    reading.base = (whole.len() - text.len()) as u32;
    if reading.refuse_forbidden(text) {
        return None;
    }
    let hazards = survey(text);
    if hazards.directives > MAX_DIRECTIVES {
        let message = format!("the document has more than {MAX_DIRECTIVES} directives (`%` lines)");
        reading.error(Code::DocumentTooLarge, (0, 0), message);
        return None;
    }
    if hazards.flow_depth <= SUSPECT_FLOW_DEPTH
        && let Some(document) = reading.read_simple(text)
    {
        return Some(document);
    }
    match read_both(text, hazards) {
        (Some(Ok(meaning)), Ok(events)) => reading.join(text, meaning, &events),
        (Some(Ok(_)), Err(stop)) => {
            reading.explain_disagreement(stop);
            None
        }
        (Some(Err(fault)), events) => {
            reading.explain_fault(text, &fault, events.err().as_ref());
            None
        }
        (None, events) => {
            reading.explain_stop(events.err()?);
            None
        }
    }
}

/// What the reader that says what a document means makes of it, and what the other one sees.
type Both = (Option<Result<Meaning, Fault>>, Result<Events, Stop>);

/// Runs both readers, the second one on a thread of its own where the document is big and a thread
/// can be had. A document that may take the first one forever must please the second one first.
fn read_both(text: &str, hazards: Hazards) -> Both {
    if hazards.flow_depth > SUSPECT_FLOW_DEPTH {
        let events = events::read(text);
        return (events.is_ok().then(|| meaning::read(text)), events);
    }
    if text.len() >= PARALLEL_FROM_BYTES {
        let both = thread::scope(|scope| {
            let builder = thread::Builder::new().name("actra-yaml".to_owned());
            let events = builder.spawn_scoped(scope, || events::read(text)).ok()?;
            let meaning = meaning::read(text);
            // A reader that panics has read nothing, and a document without both is refused.
            let events = events.join().unwrap_or_else(|_| {
                Err(Stop::Refused { at: 0, why: "the reader failed".to_owned() })
            });
            Some((Some(meaning), events))
        });
        if let Some(both) = both {
            return both;
        }
    }
    (Some(meaning::read(text)), events::read(text))
}

pub(super) struct Reading<'r> {
    pub(super) id: SourceId,
    /// Where the text that the readers see begins.
    pub(super) base: u32,
    pub(super) report: &'r mut Report,
}

impl Reading<'_> {
    fn span(&self, (start, end): Range) -> Span {
        Span { source: self.id, start: self.base + start, end: self.base + end }
    }

    fn error(&mut self, code: Code, range: Range, message: impl Into<String>) {
        self.report.push(Diagnostic::error(code, self.span(range), message));
    }

    fn error_with_help(&mut self, code: Code, range: Range, message: String, help: &str) {
        self.report.push(Diagnostic::error(code, self.span(range), message).with_help(help));
    }

    fn refuse_forbidden(&mut self, text: &str) -> bool {
        let mut any = false;
        for (at, char) in forbidden(text).take(FORBIDDEN_REPORTED) {
            any = true;
            let escape = match u32::from(char) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code => format!("\\u{code:04X}"),
            };
            let range = (at as u32, (at + char.len_utf8()) as u32);
            self.error_with_help(
                Code::BadCharacter,
                range,
                format!("the character U+{:04X} may not stand in a document", u32::from(char)),
                &format!("remove it, or write it as `{escape}` inside double quotes"),
            );
        }
        any
    }

    /// Why the reader that says what documents mean has no tree. The other one may know better
    /// where, or why.
    fn explain_fault(&mut self, text: &str, fault: &Fault, stop: Option<&Stop>) {
        match (fault, stop) {
            (Fault::Empty, _) => self.error(Code::EmptyDocument, (0, 0), "the document is empty"),
            (Fault::Several, stop) => {
                let range = match stop {
                    Some(Stop::SecondDocument { start, end }) => (*start, *end),
                    _ => (0, 0),
                };
                self.second_document(range);
            }
            (Fault::TooLarge, Some(Stop::TooManyNodes { at })) => self.too_many_nodes(*at),
            (Fault::TooLarge, _) => {
                let message = format!(
                    "the document with its aliases expanded has more than {MAX_DOCUMENT_NODES} \
                     nodes or {MAX_DOCUMENT_TEXT_BYTES} bytes of text"
                );
                self.error(Code::TooManyAliases, (0, 0), message);
            }
            (Fault::Refused(_), Some(Stop::SelfReference { start, end })) => {
                self.self_reference((*start, *end));
            }
            (Fault::Refused(error), _) => self.explain_refusal(text, error),
        }
    }

    fn explain_refusal(&mut self, text: &str, error: &serde_yaml::Error) {
        let at = error.location().map_or(0, |location| location.index()).min(text.len());
        let range = (at as u32, at as u32);
        let said = error.to_string();
        if said.starts_with("recursion limit exceeded") {
            self.too_deep(at as u32);
        } else if said.starts_with("repetition limit exceeded") {
            let message = "the aliases of the document expand to too much";
            self.error(Code::TooManyAliases, range, message);
        } else if said.starts_with("unknown anchor") {
            self.error_with_help(
                Code::BadAlias,
                word(text, at),
                "the alias names no anchor before it".to_owned(),
                "a `*` at the beginning of a plain value makes an alias: quote the value if it \
                 is text",
            );
        } else if said.contains("while scanning an alias") && said.starts_with("did not find") {
            let at = at.saturating_sub(1);
            self.error_with_help(
                Code::BadAlias,
                (at as u32, at as u32 + 1),
                "`*` begins an alias, and no name follows".to_owned(),
                "quote it if text is meant; a scope for every action is `{global: true}`",
            );
        } else {
            let refusal = Refusal::parse(&said);
            let context = refusal.context.as_ref().and_then(|(line, column, what)| {
                Some((offset(text, *line, *column)?, what.as_str()))
            });
            let words = syntax::explain(text, at, &refusal.message, context);
            let message = excerpt(&words.message, MAX_MESSAGE_CHARS);
            let mut diagnostic =
                Diagnostic::error(Code::YamlSyntax, self.span(words.range), message);
            if let Some((range, what)) = words.related {
                diagnostic = diagnostic.with_related(self.span(range), what);
            }
            if let Some(help) = words.help {
                diagnostic = diagnostic.with_help(help);
            }
            self.report.push(diagnostic);
        }
    }

    /// Why the event reader stopped in a document that the other one reads.
    fn explain_disagreement(&mut self, stop: Stop) {
        match stop {
            Stop::Refused { at, why } => {
                self.disagree((at, at), &format!("one of them says: {why}"));
            }
            Stop::SecondDocument { start, end } => {
                self.disagree((start, end), "one of them sees a second document");
            }
            stop => self.explain_stop(stop),
        }
    }

    /// Why the event reader stopped.
    fn explain_stop(&mut self, stop: Stop) {
        match stop {
            // The parser counts nested flow collections itself, in eight bits.
            Stop::Refused { at, why } if why == "recursion limit exceeded" => self.too_deep(at),
            Stop::Refused { at, why } => self.error(Code::YamlSyntax, (at, at), why),
            Stop::SecondDocument { start, end } => self.second_document((start, end)),
            Stop::SelfReference { start, end } => self.self_reference((start, end)),
            Stop::TooDeep { at } => self.too_deep(at),
            Stop::TooManyNodes { at } => self.too_many_nodes(at),
        }
    }

    fn second_document(&mut self, range: Range) {
        self.error_with_help(
            Code::SeveralDocuments,
            range,
            "a second document begins here".to_owned(),
            "write one document per file",
        );
    }

    fn too_many_nodes(&mut self, at: u32) {
        let message = format!("the document has more than {MAX_DOCUMENT_NODES} nodes");
        self.error(Code::DocumentTooLarge, (at, at), message);
    }

    fn too_deep(&mut self, at: u32) {
        let message = format!("the document is nested more than {MAX_DOCUMENT_DEPTH} deep");
        self.error(Code::NestingTooDeep, (at, at), message);
    }

    fn self_reference(&mut self, range: Range) {
        let message = "the alias stands inside of what it names";
        self.error(Code::BadAlias, range, message);
    }

    fn disagree(&mut self, range: Range, how: &str) {
        self.error_with_help(
            Code::DocumentsDisagree,
            range,
            format!("two YAML readers read the document differently from here on: {how}"),
            "write this part more plainly: quote the text, close brackets on their own line, \
             put one entry on a line",
        );
    }

    /// Reads a document that keeps to the simple part of YAML. `None`, and nothing reported, where
    /// it does not, or where anything is wrong with it: that is for both whole readers to say.
    fn read_simple(&mut self, text: &str) -> Option<Document> {
        let events = simple::read(text)?;
        let Meaning { root, foreign_tags } = meaning::read(text).ok()?;
        if foreign_tags { None } else { self.join_simple(text, root, &events) }
    }

    pub(super) fn join_simple(
        &mut self,
        text: &str,
        mut root: Node,
        events: &Events,
    ) -> Option<Document> {
        let mut joiner = Joiner::new(text, events);
        joiner.join(&mut root).ok()?;
        self.finish(root, joiner)
    }

    fn join(&mut self, text: &str, meaning: Meaning, events: &Events) -> Option<Document> {
        let Meaning { mut root, foreign_tags } = meaning;
        let mut joiner = Joiner::new(text, events);
        if let Err(Disagreement(range)) = joiner.join(&mut root) {
            self.disagree(range, "they see different values");
            return None;
        }
        for (start, end) in &events.foreign_tags {
            self.foreign_tag(text, (*start, *end));
        }
        if foreign_tags && events.foreign_tags.is_empty() {
            self.disagree((0, 0), "one of them sees a tag");
            return None;
        }
        self.finish(root, joiner)
    }

    /// The document of a tree and its places.
    fn finish(&mut self, root: Node, joiner: Joiner<'_>) -> Option<Document> {
        let Joiner { mut places, plain, mut runs, faults, .. } = joiner;
        for (range, fault) in faults {
            self.explain_key(range, fault);
        }
        if root.value == Value::Scalar(Scalar::Null) {
            self.error(Code::EmptyDocument, (0, 0), "the document is empty");
            return None;
        }
        if self.base > 0 {
            for place in &mut places {
                place.shift(self.base);
            }
            for run in &mut runs {
                run.start += self.base;
                run.end += self.base;
            }
        }
        Some(Document { root, source: self.id, places, plain, runs })
    }

    fn foreign_tag(&mut self, text: &str, range: Range) {
        let tag = text.get(range.0 as usize..range.1 as usize).unwrap_or_default();
        let shown = excerpt(tag, MAX_NAME_CHARS);
        let message = match tag.strip_prefix("!!") {
            Some("str" | "null" | "bool" | "int" | "float" | "seq" | "map") => {
                format!("the tag `{shown}` is not for this kind of value")
            }
            _ => format!("the tag `{shown}` is not one of YAML's own"),
        };
        self.error_with_help(Code::ForeignTag, range, message, "remove the tag");
    }

    fn explain_key(&mut self, range: Range, fault: KeyFault) {
        match fault {
            KeyFault::Repeated { name, first } => {
                let first = self.span(first);
                let name = excerpt(&name, MAX_NAME_CHARS);
                let message = format!("the key `{name}` stands twice in the same mapping");
                self.report.push(
                    Diagnostic::error(Code::RepeatedKey, self.span(range), message)
                        .with_related(first, "it stands here first"),
                );
            }
            KeyFault::Merge => self.error_with_help(
                Code::MergeKey,
                range,
                "merge keys (`<<`) are not merged".to_owned(),
                "write the keys out, or share conditions and lists through `define:`",
            ),
            KeyFault::Complex => self.error_with_help(
                Code::ComplexKey,
                range,
                "the key of a mapping is a scalar, not a list or a mapping".to_owned(),
                "quote text that holds brackets; fill templates before compiling",
            ),
        }
    }
}

/// A text, or its beginning where it is long: a message is read by people.
fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}
