//! Comments that silence warnings:
//! `# actra: allow unreachable_rule -- the catch-all above goes away in May`.
//!
//! A comment counts for the smallest thing that it stands in or directly above: a rule (of the
//! policy or of governance), a field or an action of the schema, a definition, `evaluation:`. Before the first key of a file it counts
//! for the file. Which `#` begin comments is what the readers of the document say: one inside a
//! quoted string or a block of text is text.

use super::OF_ANALYSIS;
use super::levels::{near, no_near};
use crate::check::excerpt;
use crate::diagnostic::{Code, Diagnostic, Report, Severity, Sources, Span};
use crate::yaml::{Document, Entry, Node, Scalar, Value};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// The comments of some documents that silence warnings, or try to.
#[derive(Clone, Debug, Default)]
pub struct Silences {
    comments: Vec<Comment>,
    /// The first that is beyond [`MAX_SILENCES`].
    beyond: Option<Span>,
}

/// Names that the comments of a policy silence, all documents together; a comment without a name
/// counts as one. What is beyond silences nothing, and is warned of.
const MAX_SILENCES: usize = 10_000;

/// Unknown names for which the name that was meant is looked for.
const MAX_NEAR: usize = 200;

#[derive(Clone, Debug)]
struct Comment {
    /// From `#` to the end of the line.
    span: Span,
    /// What is meant, as far as it is well-formed.
    names: Vec<(String, Span)>,
    /// Why; a silence without a reason silences nothing.
    reason: bool,
    /// The word that stands where `allow` should.
    odd_word: Option<(String, Span)>,
    /// What it counts for.
    covers: Option<Span>,
}

impl Silences {
    /// Reads the comments of documents.
    pub(crate) fn of<'d>(sources: &Sources, documents: impl Iterator<Item = &'d Document>) -> Self {
        let mut silences = Self::default();
        let mut left = MAX_SILENCES;
        for document in documents {
            let source = document.span(&document.root).source;
            let Some(text) = sources.source(source).map(|source| source.text.as_str()) else {
                continue;
            };
            let candidates = candidates(text);
            if candidates.is_empty() {
                continue;
            }
            let page = Page::new(text, document);
            let real = candidates.iter().filter(|at| !page.is_text(at.hash));
            for mut comment in real.filter_map(|at| page.comment(at)) {
                let count = comment.names.len().max(1);
                if count > left {
                    let first = comment.names.get(left).map_or(comment.span, |(_, span)| *span);
                    silences.beyond = Some(first);
                    comment.names.truncate(left);
                    if left > 0 {
                        silences.comments.push(comment);
                    }
                    return silences;
                }
                left -= count;
                silences.comments.push(comment);
            }
        }
        silences
    }

    /// Takes silenced warnings out of the report and gives them back; warns of silences that do
    /// not silence anything, which none can silence.
    pub(super) fn apply(&self, is_analysed: bool, report: &mut Report) -> Vec<Diagnostic> {
        if self.comments.is_empty() {
            return Vec::new();
        }
        let mut places = self.places_of(report);
        let mut used = Vec::new();
        for comment in &self.comments {
            used.extend(comment.names.iter().map(|(name, _)| {
                let places = places.get_mut(name.as_str()).filter(|_| comment.reason);
                places.zip(comment.covers).is_some_and(|(places, covers)| places.silence(covers))
            }));
        }
        let silenced: HashMap<&str, Vec<bool>> =
            places.iter().map(|(name, places)| (*name, places.silenced())).collect();
        let silenced = report.take(|found| {
            let code = found.code.as_str();
            let index = found.span.and_then(|span| places.get(code)?.index(span));
            let silenced = silenced.get(code).zip(index).and_then(|(all, index)| all.get(index));
            silenced.copied().unwrap_or_default()
        });
        let mut used = used.into_iter();
        let mut near_names = MAX_NEAR;
        for comment in &self.comments {
            let uses: Vec<bool> = used.by_ref().take(comment.names.len()).collect();
            comment.complain(&uses, is_analysed, &mut near_names, report);
        }
        if let Some(span) = self.beyond {
            let message = format!(
                "a policy has at most {MAX_SILENCES} silences: from here on, none silences anything"
            );
            let help = "mend what is warned of, or allow the code for all of the policy";
            report.push(Diagnostic::warning(Code::BadSilence, span, message).with_help(help));
        }
        silenced
    }

    /// Where the warnings are that the comments name.
    fn places_of(&self, report: &Report) -> HashMap<&str, Places> {
        let names = self.comments.iter().flat_map(|comment| &comment.names);
        let mut places: HashMap<&str, Places> =
            names.map(|(name, _)| (name.as_str(), Places::default())).collect();
        for found in report.warnings() {
            if let (Some(places), Some(span)) = (places.get_mut(found.code.as_str()), found.span) {
                places.starts.push((span.source.0, span.start));
            }
        }
        for places in places.values_mut() {
            places.starts.sort_unstable();
            places.starts.dedup();
            places.changes = vec![0; places.starts.len() + 1];
        }
        places
    }
}

/// Where the warnings of one code begin.
#[derive(Default)]
struct Places {
    /// Document and byte, in order.
    starts: Vec<(u32, u32)>,
    /// How many silences begin to count at a place, less those that counted for the one before
    /// and no longer do. So a silence takes two steps, however many warnings it is about.
    changes: Vec<i64>,
}

impl Places {
    /// Silences what begins inside a span. Whether there is any.
    fn silence(&mut self, covers: Span) -> bool {
        let (from, to) = ((covers.source.0, covers.start), (covers.source.0, covers.end));
        let from = self.starts.partition_point(|start| *start < from);
        let to = self.starts.partition_point(|start| *start <= to);
        if from >= to {
            return false;
        }
        for (at, change) in [(from, 1), (to, -1)] {
            if let Some(changes) = self.changes.get_mut(at) {
                *changes += change;
            }
        }
        true
    }

    fn index(&self, span: Span) -> Option<usize> {
        self.starts.binary_search(&(span.source.0, span.start)).ok()
    }

    /// For each place, whether it is silenced.
    fn silenced(&self) -> Vec<bool> {
        let counts = self.changes.iter().scan(0, |count, change| {
            *count += change;
            Some(*count > 0)
        });
        counts.collect()
    }
}

impl Comment {
    /// Warns of what is wrong with the silence.
    fn complain(
        &self,
        uses: &[bool],
        is_analysed: bool,
        near_names: &mut usize,
        report: &mut Report,
    ) {
        let form = "write `# actra: allow CODE -- why`";
        let mut warn = |code, span, message: String, help: &str| {
            report.push(Diagnostic::warning(code, span, message).with_help(help));
        };
        if let Some((word, span)) = &self.odd_word {
            let message = format!("`{}` silences nothing: the word is `allow`", excerpt(word));
            warn(Code::BadSilence, *span, message, form);
            return;
        }
        if self.names.is_empty() {
            let message = "the comment names no warning to silence".to_owned();
            warn(Code::BadSilence, self.span, message, form);
            return;
        }
        for ((name, span), used) in self.names.iter().zip(uses) {
            match Code::parse(name) {
                None => {
                    let message = format!("there is no warning `{}` to silence", excerpt(name));
                    // Looking for near names takes time: it is done as long as there are few.
                    let help = if *near_names > 0 { near(name, &[]) } else { no_near() };
                    *near_names = near_names.saturating_sub(1);
                    warn(Code::SilencedUnknownCode, *span, message, &help);
                }
                Some(code) if code.severity() == Severity::Error => {
                    let message = format!("`{code}` is an error, and errors cannot be silenced");
                    let help = "mend what it is about, and take the comment out";
                    warn(Code::SilencedError, *span, message, help);
                }
                Some(code) if is_about_silences(code) => {
                    let message = format!("`{code}` is about silences, and cannot be silenced");
                    warn(Code::UnusedSilence, *span, message, "take the comment out");
                }
                Some(_) if !self.reason => {}
                Some(code) if !is_analysed && OF_ANALYSIS.contains(&code) => {}
                Some(code) if !used && self.covers.is_none() => {
                    let message = format!("the comment stands where it silences no `{code}`");
                    let help = "put it inside or directly above the rule, field, action or \
                                definition that is warned of, or before the first key of the file";
                    warn(Code::UnusedSilence, *span, message, help);
                }
                Some(code) if !used => {
                    let message = format!("there is no `{code}` here to silence");
                    let help = "take the comment out, or put it where the warning is";
                    warn(Code::UnusedSilence, *span, message, help);
                }
                Some(_) => {}
            }
        }
        if !self.reason {
            let message = "the silence has no reason, and silences nothing without one".to_owned();
            let help = "say why behind ` -- `: `# actra: allow CODE -- why`";
            warn(Code::SilenceWithoutReason, self.span, message, help);
        }
    }
}

/// Whether a warning is about silences themselves.
fn is_about_silences(code: Code) -> bool {
    matches!(
        code,
        Code::BadSilence
            | Code::SilencedUnknownCode
            | Code::SilencedError
            | Code::SilenceWithoutReason
            | Code::UnusedSilence
    )
}

/// A place that reads like the beginning of a silence.
#[derive(Clone, Copy)]
struct Candidate {
    /// Its `#`.
    hash: usize,
    /// One past `actra:`.
    after: usize,
    /// The end of what it says: of its line, or where another candidate begins on the line.
    end: usize,
    line: Line,
}

/// A line of a document.
#[derive(Clone, Copy, Default)]
struct Line {
    start: usize,
    /// Where something other than white space begins.
    text: usize,
    /// Without what breaks the line.
    end: usize,
}

impl Line {
    /// The line that begins at a byte.
    fn at(text: &str, start: usize) -> Self {
        let rest = text.get(start..).unwrap_or_default();
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let end = start + line.len();
        Self { start, text: end - line.trim_start().len(), end }
    }
}

const MARK: &str = "actra:";

fn candidates(text: &str) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for (at, _) in text.match_indices(MARK) {
        let before = text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t']);
        let Some(hash) = before.strip_suffix('#').map(str::len) else { continue };
        let begins = matches!(
            text.as_bytes().get(hash.wrapping_sub(1)),
            None | Some(b' ' | b'\t' | b'\n' | b'\r')
        );
        // A byte order mark may open the document.
        if !begins && text.get(..hash) != Some("\u{feff}") {
            continue;
        }
        let line = match found.last_mut() {
            Some(last) if hash < last.line.end => {
                last.end = hash;
                last.line
            }
            _ => Line::at(text, line_start(text, hash)),
        };
        found.push(Candidate { hash, after: at + MARK.len(), end: line.end, line });
    }
    found
}

/// A document with what is needed to say where a comment stands.
struct Page<'d> {
    text: &'d str,
    document: &'d Document,
    /// Quoted strings and blocks of text, in order.
    strings: Vec<Span>,
    /// What silences can be about, in order; what holds another comes before it.
    sites: Vec<Site>,
    /// The same by their ends.
    by_end: Vec<Site>,
    /// What the last comments stand above. Comments are read in order, and those that follow each
    /// other stand above the same line.
    last_below: Cell<Option<Below>>,
    /// How far lines have been read, and where the last one began that is no comment.
    last_text: Cell<(usize, usize)>,
    /// What has been found above, by the part of `by_end` and the column.
    found_above: RefCell<HashMap<(usize, usize, usize), Option<Span>>>,
}

/// Something that silences can be about.
#[derive(Clone, Copy)]
struct Site {
    span: Span,
    /// The smallest that holds it, as an index.
    parent: Option<usize>,
    /// The indentation of its first line.
    indent: usize,
}

/// What stands below a comment, other comments not counted.
#[derive(Clone, Copy)]
struct Below {
    /// The first line below the comment that was asked for.
    from: usize,
    line: Line,
    sites: Option<Span>,
}

impl<'d> Page<'d> {
    fn new(text: &'d str, document: &'d Document) -> Self {
        let mut page = Self {
            text,
            document,
            strings: Vec::new(),
            sites: Vec::new(),
            by_end: Vec::new(),
            last_below: Cell::default(),
            last_text: Cell::default(),
            found_above: RefCell::default(),
        };
        page.strings_in(&document.root);
        page.strings.sort_unstable();
        page.sites_in_root();
        page.order_sites();
        page
    }

    fn order_sites(&mut self) {
        self.sites.sort_by_key(|site| (site.span.start, std::cmp::Reverse(site.span.end)));
        let mut around: Vec<(usize, u32)> = Vec::new();
        let mut line = (0, 0);
        let mut read = 0;
        for (index, site) in self.sites.iter_mut().enumerate() {
            while around.pop_if(|(_, end)| *end < site.span.end).is_some() {}
            site.parent = around.last().map(|(index, _)| *index);
            around.push((index, site.span.end));
            let start = site.span.start as usize;
            let between = self.text.get(read..start).unwrap_or_default();
            if let Some(at) = between.rfind(['\n', '\r']) {
                line = (read + at + 1, 0);
            }
            if read == 0 || line.1 == 0 {
                let rest = self.text.get(line.0..start).unwrap_or_default();
                line.1 = 1 + rest.len() - rest.trim_start_matches(' ').len();
            }
            site.indent = line.1 - 1;
            read = start.max(read);
        }
        self.by_end.clone_from(&self.sites);
        self.by_end.sort_by_key(|site| site.span.end);
    }

    fn strings_in(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(Scalar::String(_)) => self.strings.push(self.document.span(node)),
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                for item in items {
                    self.strings_in(item);
                }
            }
            Value::Mapping(entries) => {
                for entry in entries {
                    self.strings_in(&entry.key);
                    self.strings_in(&entry.value);
                }
            }
        }
    }

    /// Whether the byte is part of a string, rather than the beginning of a comment.
    fn is_text(&self, at: usize) -> bool {
        let index = self.strings.partition_point(|span| (span.start as usize) <= at);
        let before = index.checked_sub(1).and_then(|index| self.strings.get(index));
        before.is_some_and(|span| at < span.end as usize)
    }

    fn sites_in_root(&mut self) {
        for entry in entries(&self.document.root) {
            match self.document.text(&entry.key) {
                Some("rules") => self.rules_in(&entry.value),
                Some("governance") => {
                    for entry in entries(&entry.value) {
                        if self.document.text(&entry.key) == Some("rules") {
                            self.rules_in(&entry.value);
                        }
                    }
                }
                Some("evaluation") => self.site(entry),
                Some("define") => {
                    for kind in entries(&entry.value) {
                        for entry in entries(&kind.value) {
                            self.site(entry);
                        }
                    }
                }
                Some("actions") => {
                    for action in entries(&entry.value) {
                        self.site(action);
                        self.fields_in(&action.value);
                    }
                }
                Some("common" | "actor" | "snapshot") => self.fields_in(&entry.value),
                _ => {}
            }
        }
    }

    fn rules_in(&mut self, node: &'d Node) {
        if let Value::Sequence(rules) = &node.value {
            for rule in rules {
                self.push_site(self.document.span(rule));
            }
        }
    }

    fn fields_in(&mut self, node: &'d Node) {
        let found = entries(node).iter().find(|e| self.document.text(&e.key) == Some("fields"));
        for field in found.map(|found| entries(&found.value)).unwrap_or_default() {
            self.site(field);
            self.fields_in(&field.value);
        }
    }

    fn site(&mut self, entry: &Entry) {
        let (key, value) = (self.document.span(&entry.key), self.document.span(&entry.value));
        self.push_site(Span { end: key.end.max(value.end), ..key });
    }

    fn push_site(&mut self, span: Span) {
        self.sites.push(Site { span, parent: None, indent: 0 });
    }

    /// Reads a comment. `None`: it does not try to silence anything.
    fn comment(&self, at: &Candidate) -> Option<Comment> {
        let source = self.document.span(&self.document.root).source;
        let span = |start: usize, end: usize| Span { source, start: start as u32, end: end as u32 };
        let said = self.text.get(at.after..at.end)?;
        let (names, reason) = match said.split_once("--") {
            Some((names, reason)) => (names, !reason.trim().is_empty()),
            None => (said, false),
        };
        let mut words = words(names).map(|(from, word)| {
            (word.to_owned(), span(at.after + from, at.after + from + word.len()))
        });
        let end = at.after + said.trim_end().len();
        let mut comment = Comment {
            span: span(at.hash, end),
            names: Vec::new(),
            reason,
            odd_word: None,
            covers: self.covered(at),
        };
        let first = words.next();
        match first {
            Some((word, _)) if word == "allow" => comment.names = words.collect(),
            Some((word, place)) if is_attempt(&word) => comment.odd_word = Some((word, place)),
            // Somebody writes about Actra.
            _ => return None,
        }
        Some(comment)
    }

    /// What a comment counts for.
    fn covered(&self, at: &Candidate) -> Option<Span> {
        let root = self.document.span(&self.document.root);
        if at.hash < root.start as usize {
            return Some(Span { start: 0, end: u32::MAX, ..root });
        }
        if at.line.text < at.hash {
            let before = self.text.get(at.line.start..at.hash).unwrap_or_default();
            let last = before.trim_end_matches([' ', '\t', ',']);
            return self.smallest_around((at.line.start + last.len()).saturating_sub(1));
        }
        let column = at.hash - at.line.start;
        self.below(at, column)
            .or_else(|| self.smallest_around(at.hash))
            .or_else(|| self.above(at, column))
    }

    /// Sites hold one another or have nothing in common, so the last that begins before the byte
    /// is in all those around it.
    fn smallest_around(&self, at: usize) -> Option<Span> {
        let behind = self.sites.partition_point(|site| (site.span.start as usize) <= at);
        let mut index = behind.checked_sub(1);
        while let Some(site) = index.and_then(|index| self.sites.get(index)) {
            if at < site.span.end as usize {
                return Some(site.span);
            }
            index = site.parent;
        }
        None
    }

    /// What begins on the line below, other comments not counted, if the comment stands no deeper.
    fn below(&self, at: &Candidate, column: usize) -> Option<Span> {
        let start = next_line(self.text, at.line.end)?;
        let below = match self.last_below.get() {
            Some(last) if (last.from..=last.line.start).contains(&start) => last,
            _ => self.look_below(start),
        };
        self.last_below.set(Some(below));
        below.sites.filter(|_| column <= below.line.text - below.line.start)
    }

    fn look_below(&self, from: usize) -> Below {
        let mut line = Line::at(self.text, from);
        while self.is_comment(line) {
            let next = next_line(self.text, line.end).unwrap_or(self.text.len());
            line = Line::at(self.text, next);
        }
        // Several in flow style on one line are meant together.
        let sites = self.sites_from(line.start, line.end).iter().map(|site| site.span);
        let sites = sites.reduce(|one, other| Span {
            start: one.start.min(other.start),
            end: one.end.max(other.end),
            ..one
        });
        Below { from, line, sites: sites.filter(|_| line.text < line.end) }
    }

    /// The sites that begin in a part of the document.
    fn sites_from(&self, start: usize, end: usize) -> &[Site] {
        let first = self.sites.partition_point(|site| (site.span.start as usize) < start);
        let behind = self.sites.partition_point(|site| (site.span.start as usize) < end);
        self.sites.get(first..behind).unwrap_or_default()
    }

    fn is_comment(&self, line: Line) -> bool {
        line.text < line.end && self.text.as_bytes().get(line.text) == Some(&b'#')
    }

    /// What ends above, if the comment stands deeper than its first line.
    fn above(&self, at: &Candidate, column: usize) -> Option<Span> {
        // What is left of the last line, a bracket say, does not matter.
        let last = self.last_text_before(at.line.start);
        let first = self.by_end.partition_point(|site| (site.span.end as usize) < last);
        let behind = self.by_end.partition_point(|site| (site.span.end as usize) <= at.hash);
        let look = || {
            let ending = self.by_end.get(first..behind).unwrap_or_default();
            let shallower = ending.iter().filter(|site| column > site.indent);
            shallower.map(|site| site.span).max_by_key(|span| span.start)
        };
        *self.found_above.borrow_mut().entry((first, behind, column)).or_insert_with(look)
    }

    /// Where the last line before a line begins that is neither blank nor a comment.
    fn last_text_before(&self, line: usize) -> usize {
        let (mut read, mut last) = self.last_text.get();
        while read < line {
            let here = Line::at(self.text, read);
            if here.text < here.end && !self.is_comment(here) {
                last = read;
            }
            read = next_line(self.text, here.end).unwrap_or(line);
        }
        self.last_text.set((read, last));
        last
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}

/// Whether somebody who wrote this word wanted to silence or promote something.
fn is_attempt(word: &str) -> bool {
    const WORDS: [&str; 10] = [
        "allow", "ignore", "disable", "silence", "suppress", "expect", "skip", "deny", "noqa",
        "nolint",
    ];
    let word = word.trim_end_matches([':', '(', ')']).to_ascii_lowercase();
    WORDS.contains(&word.as_str()) || crate::diagnostic::suggest(&word, ["allow"]).is_some()
}

/// Words between white space and commas, with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    text.split([' ', '\t', ',']).filter_map(move |word| {
        let at = from;
        from += word.len() + 1;
        (!word.is_empty()).then_some((at, word))
    })
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |line| line + 1)
}

/// The start of the line behind the line break at a byte.
fn next_line(text: &str, at: usize) -> Option<usize> {
    match text.as_bytes().get(at..)? {
        [b'\r', b'\n', ..] => Some(at + 2),
        [_, ..] => Some(at + 1),
        [] => None,
    }
}
