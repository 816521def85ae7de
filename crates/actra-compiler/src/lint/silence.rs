//! Comments that silence warnings:
//! `# actra: allow unreachable_rule -- the catch-all above goes away in May`.
//!
//! A comment counts for the smallest thing that it stands in or directly above: a rule (of the
//! policy or of governance), a field or an action of the schema, a definition, `evaluation:`. Before the first key of a file it counts
//! for the file. Which `#` begin comments is what the readers of the document say: one inside a
//! quoted string or a block of text is text.

use super::levels::near;
use crate::check::excerpt;
use crate::diagnostic::{Code, Diagnostic, Report, Severity, Sources, Span};
use crate::yaml::{Document, Entry, Node, Scalar, Value};

/// The comments of some documents that silence warnings, or try to.
#[derive(Clone, Debug, Default)]
pub struct Silences {
    comments: Vec<Comment>,
    /// The first comment beyond the limit, which silences nothing.
    beyond: Option<Span>,
}

/// Most comments of a policy, and most names in them, that silence something. Each is held against
/// every warning and every place: the limit keeps that short.
const MAX_SILENCES: usize = 1_000;
/// Most lines of other comments between a silence and what it is about.
const MAX_COMMENT_LINES: usize = 200;

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
        let mut names = 0;
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
            for at in candidates.iter().filter(|at| !page.is_text(at.hash)) {
                let count = silences.comments.len();
                if count >= MAX_SILENCES || names >= MAX_SILENCES {
                    silences.beyond = Some(page.span(at.hash, at.after));
                    return silences;
                }
                if let Some(mut comment) = page.comment(at) {
                    if let Some((_, first)) = comment.names.get(MAX_SILENCES - names) {
                        silences.beyond = Some(*first);
                    }
                    comment.names.truncate(MAX_SILENCES - names);
                    names += comment.names.len();
                    silences.comments.push(comment);
                }
            }
        }
        silences
    }

    /// Takes silenced warnings out of the report and gives them back; warns of silences that do
    /// not silence anything, which none can silence.
    pub(super) fn apply(&self, report: &mut Report) -> Vec<Diagnostic> {
        if self.comments.is_empty() {
            return Vec::new();
        }
        let mut used = vec![false; self.comments.iter().map(|comment| comment.names.len()).sum()];
        let silenced = report.take(|found| {
            let mut is_silenced = false;
            let mut index = 0;
            for comment in &self.comments {
                for (name, _) in &comment.names {
                    if comment.reason && comment.is_about(name, found) {
                        is_silenced = true;
                        if let Some(used) = used.get_mut(index) {
                            *used = true;
                        }
                    }
                    index += 1;
                }
            }
            is_silenced
        });
        let mut used = used.into_iter();
        for comment in &self.comments {
            let uses: Vec<bool> = used.by_ref().take(comment.names.len()).collect();
            comment.complain(&uses, report);
        }
        if let Some(span) = self.beyond {
            let message = format!("from here on nothing is silenced: {MAX_SILENCES} are the limit");
            let help = "mend what is warned of, or say `--allow CODE`";
            report.push(Diagnostic::warning(Code::BadSilence, span, message).with_help(help));
        }
        silenced
    }
}

impl Comment {
    fn is_about(&self, name: &str, found: &Diagnostic) -> bool {
        found.severity == Severity::Warning
            && found.code.as_str() == name
            && matches!((self.covers, found.span), (Some(covers), Some(span))
                if super::is_within(Span { end: span.start, ..span }, covers))
    }

    /// Warns of what is wrong with the silence.
    fn complain(&self, uses: &[bool], report: &mut Report) {
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
                    warn(Code::SilencedUnknownCode, *span, message, &near(name, &[]));
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
struct Candidate {
    /// Its `#`.
    hash: usize,
    /// One past `actra:`.
    after: usize,
    /// The end of its line.
    end: usize,
}

const MARK: &str = "actra:";

fn candidates(text: &str) -> Vec<Candidate> {
    let found = text.match_indices(MARK).filter_map(|(at, _)| {
        let before = text.get(..at)?.trim_end_matches([' ', '\t']);
        let hash = before.strip_suffix('#')?.len();
        let begins = matches!(text.as_bytes().get(hash.wrapping_sub(1)), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
            // A byte order mark may open the document.
            || text.get(..hash) == Some("\u{feff}");
        let after = at + MARK.len();
        let rest = text.get(after..)?;
        let end = after + rest.find(['\n', '\r']).unwrap_or(rest.len());
        begins.then_some(Candidate { hash, after, end })
    });
    found.collect()
}

/// A document with what is needed to say where a comment stands.
struct Page<'d> {
    text: &'d str,
    document: &'d Document,
    /// Quoted strings and blocks of text, in order.
    strings: Vec<Span>,
    /// What silences can be about.
    sites: Vec<Span>,
}

impl<'d> Page<'d> {
    fn new(text: &'d str, document: &'d Document) -> Self {
        let mut page = Self { text, document, strings: Vec::new(), sites: Vec::new() };
        page.strings_in(&document.root);
        page.strings.sort_unstable();
        page.sites_in_root();
        page
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
            self.sites.extend(rules.iter().map(|rule| self.document.span(rule)));
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
        self.sites.push(Span { end: key.end.max(value.end), ..key });
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32, ..self.document.span(&self.document.root) }
    }

    /// Reads a comment. `None`: it does not try to silence anything.
    fn comment(&self, at: &Candidate) -> Option<Comment> {
        let span = |start, end| self.span(start, end);
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
        let line = line_start(self.text, at.hash);
        let before = self.text.get(line..at.hash).unwrap_or_default();
        if !before.trim().is_empty() {
            let last = before.trim_end_matches([' ', '\t', ',']);
            return self.smallest_around((line + last.len()).saturating_sub(1));
        }
        self.below(at, before.len())
            .or_else(|| self.smallest_around(at.hash))
            .or_else(|| self.above(at, before.len()))
    }

    fn smallest_around(&self, at: usize) -> Option<Span> {
        let around = self.sites.iter().filter(|s| (s.start as usize) <= at && at < s.end as usize);
        around.min_by_key(|site| site.end - site.start).copied()
    }

    /// What begins on the line below, other comments not counted, if the comment stands no deeper.
    fn below(&self, at: &Candidate, column: usize) -> Option<Span> {
        let mut start = at.end;
        for _ in 0..=MAX_COMMENT_LINES {
            start = next_line(self.text, start)?;
            let rest = self.text.get(start..)?;
            let end = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
            let line = self.text.get(start..end)?;
            let indent = line.len() - line.trim_start().len();
            match line.as_bytes().get(indent) {
                Some(b'#') => start = end,
                Some(_) if column <= indent => {
                    let on_it = |site: &&Span| (start..end).contains(&(site.start as usize));
                    let sites = self.sites.iter().filter(on_it);
                    // Several in flow style on one line are meant together.
                    return sites.copied().reduce(|one, other| Span {
                        start: one.start.min(other.start),
                        end: one.end.max(other.end),
                        ..one
                    });
                }
                _ => return None,
            }
        }
        None
    }

    /// What ends above, if the comment stands deeper than its first line.
    fn above(&self, at: &Candidate, column: usize) -> Option<Span> {
        let ends_above = |site: &&Span| {
            let between = self.text.get(site.end as usize..at.hash);
            between.is_some_and(|between| {
                // What is left of the last line, a bracket say, does not matter.
                between.split(['\n', '\r']).skip(1).all(|line| {
                    let line = line.trim();
                    line.is_empty() || line.starts_with('#')
                })
            }) && column > self.indent_of(site.start as usize)
        };
        self.sites.iter().filter(ends_above).max_by_key(|site| site.start).copied()
    }

    /// The indentation of the line that a byte stands in.
    fn indent_of(&self, at: usize) -> usize {
        let line = self.text.get(line_start(self.text, at)..).unwrap_or_default();
        line.len() - line.trim_start_matches(' ').len()
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
