//! What every part of the checker needs: the report, the version, and readers for YAML shapes.
//!
//! Two conventions keep one mistake from being reported twice. A null is reported by the mapping
//! or list that holds it, so readers of scalars pass over it in silence. And a value that could
//! not be read is `None` from then on: nothing is said about what depends on it.

use super::habits::{meant_key, meant_keyword};
use super::notes::Notes;
use crate::diagnostic::{Code, Diagnostic, Report, SourceId, Sources, Span, suggest};
use crate::model::{LanguageVersion, Place};
use crate::yaml::{Document, Entry, Node, Scalar, Value};
use std::collections::{BTreeMap, HashSet};

/// State that is passed along while documents are checked.
pub(super) struct Context<'a> {
    report: &'a mut Report,
    /// The policy's version; `None` where it could not be read, and then nothing is said that
    /// holds for one version only.
    pub(super) version: Option<LanguageVersion>,
    /// What lints will want to know.
    pub(super) notes: Notes,
    places: Vec<PlaceIndex<'a>>,
    within: Option<Within>,
    seen: HashSet<(Span, String)>,
    /// Where diagnostics go that are only a trial.
    aside: Option<Vec<Diagnostic>>,
    said: usize,
    /// What was looked into and stays out of the report: help was looked for there, too.
    unsaid: usize,
    /// Fields of the schema, each as it is read (`action.amount`), under its bare name.
    fields: BTreeMap<String, Vec<String>>,
}

/// The use of a definition whose inside is being checked.
pub(super) struct Within {
    /// Where the definition is named.
    pub(super) span: Span,
    /// By whom.
    pub(super) user: String,
}

impl<'a> Context<'a> {
    pub(super) fn new(sources: &'a Sources, report: &'a mut Report) -> Self {
        let places = sources.files().iter().map(|source| PlaceIndex::new(&source.text)).collect();
        Self {
            report,
            version: None,
            notes: Notes::default(),
            places,
            within: None,
            seen: HashSet::new(),
            aside: None,
            said: 0,
            unsaid: 0,
            fields: BTreeMap::new(),
        }
    }

    pub(super) fn report(&mut self) -> &mut Report {
        self.report
    }

    /// Reports. What is wrong inside a definition is said once, however many rules use it.
    pub(super) fn push(&mut self, mut diagnostic: Diagnostic) {
        if let (Some(within), Some(span)) = (&self.within, diagnostic.span) {
            if !self.seen.insert((span, diagnostic.message.clone())) {
                self.unsaid += 1;
                return;
            }
            diagnostic = diagnostic.with_related(within.span, format!("used by {}", within.user));
        }
        self.said += 1;
        match &mut self.aside {
            Some(aside) => aside.push(diagnostic),
            None => self.report.push(diagnostic),
        }
    }

    /// How much has been said.
    pub(super) const fn said(&self) -> usize {
        self.said
    }

    /// What is said meanwhile, which stays out of the report.
    pub(super) fn aside(&mut self, during: impl FnOnce(&mut Self)) -> Vec<Diagnostic> {
        let outer = self.aside.replace(Vec::new());
        let said = self.said;
        during(self);
        self.unsaid += self.said - said;
        self.said = said;
        std::mem::replace(&mut self.aside, outer).unwrap_or_default()
    }

    /// Whether so much has been said that looking for near names is no longer worth its time.
    pub(super) fn has_said_much(&self) -> bool {
        self.said + self.unsaid >= 200
    }

    /// Remembers the schema's fields, for names that are written without their domain.
    pub(super) fn remember_fields(&mut self, fields: impl Iterator<Item = (String, String)>) {
        for (name, whole) in fields {
            self.fields.entry(name).or_default().push(whole);
        }
    }

    /// The fields of that bare name, as they are read.
    pub(super) fn fields_named(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// The rest of the line behind a span.
    pub(super) fn behind(&self, span: Span) -> &'a str {
        let text = self.places.get(span.source.0 as usize).map_or("", |index| index.text);
        let rest = text.get(span.end as usize..).unwrap_or_default();
        rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message));
    }

    pub(super) fn error_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, span, message).with_help(help));
    }

    /// An error with help only where there is some.
    pub(super) fn error_with_hint(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.push(Diagnostic { help, ..Diagnostic::error(code, span, message) });
    }

    /// From here on, diagnostics are about the inside of a definition (or no longer).
    pub(super) fn enter(&mut self, within: Option<Within>) -> Option<Within> {
        std::mem::replace(&mut self.within, within)
    }

    pub(super) fn is_within(&self) -> bool {
        self.within.is_some()
    }

    pub(super) fn is_version_1(&self) -> bool {
        self.version == Some(LanguageVersion::V1)
    }

    pub(super) fn is_version_2(&self) -> bool {
        self.version == Some(LanguageVersion::V2)
    }

    /// The version that literals are read by. Where it is unknown nothing is compiled anyway.
    pub(super) fn literal_version(&self) -> LanguageVersion {
        self.version.unwrap_or(LanguageVersion::V2)
    }

    /// The part of the span that is on its first line, for places that are only named. Of a long
    /// line, the beginning.
    pub(super) fn first_line(&self, span: Span) -> Span {
        const MOST: usize = 200;
        let source = self.places.get(span.source.0 as usize);
        let text = source.map(|index| index.text).unwrap_or_default();
        let (start, end) = (span.start as usize, span.end as usize);
        let short = (start..=end.min(start + MOST)).rev().find(|end| text.is_char_boundary(*end));
        let line = short.and_then(|end| text.get(start..end)?.lines().next()).unwrap_or_default();
        Span { end: span.start + line.trim_end().len() as u32, ..span }
    }

    /// Line and column of the span's start, as [`Sources::place`] gives them, in constant time.
    pub(super) fn place(&self, span: Span) -> Place {
        self.places.get(span.source.0 as usize).map_or(Place::default(), |index| index.place(span))
    }
}

/// Line and column of every `STRIDE`th byte of a document.
struct PlaceIndex<'a> {
    text: &'a str,
    checkpoints: Vec<(u32, u32)>,
}

impl<'a> PlaceIndex<'a> {
    const STRIDE: usize = 256;

    fn new(text: &'a str) -> Self {
        let mut checkpoints = Vec::with_capacity(text.len() / Self::STRIDE + 1);
        let (mut line, mut column) = (1, 1);
        for chunk in text.as_bytes().chunks(Self::STRIDE) {
            checkpoints.push((line, column));
            (line, column) = Self::advance(chunk, line, column);
        }
        if checkpoints.is_empty() {
            checkpoints.push((1, 1));
        }
        Self { text, checkpoints }
    }

    fn place(&self, span: Span) -> Place {
        let upto = (span.start as usize).min(self.text.len());
        let checkpoint = (upto / Self::STRIDE).min(self.checkpoints.len().saturating_sub(1));
        let (line, column) = self.checkpoints.get(checkpoint).copied().unwrap_or((1, 1));
        let rest = self.text.as_bytes().get(checkpoint * Self::STRIDE..upto).unwrap_or_default();
        let (line, column) = Self::advance(rest, line, column);
        Place { source: span.source.0, line, column, start: span.start, end: span.end }
    }

    fn advance(bytes: &[u8], mut line: u32, mut column: u32) -> (u32, u32) {
        for byte in bytes {
            match byte {
                b'\n' => (line, column) = (line + 1, 1),
                // A continuation byte of UTF-8 starts no character.
                0x80..=0xBF => {}
                _ => column += 1,
            }
        }
        (line, column)
    }
}

/// The start of a document, for what is about the document as a whole.
pub(super) const fn start_of(source: SourceId) -> Span {
    Span { source, start: 0, end: 0 }
}

/// Whether the node is null (and so has been reported by what holds it).
pub(super) fn is_null(node: &Node) -> bool {
    matches!(node.value, Value::Scalar(Scalar::Null))
}

/// Whether the node is a string to YAML.
pub(super) fn is_text(node: &Node) -> bool {
    matches!(node.value, Value::Scalar(Scalar::String(_)))
}

/// The node in a few words, for messages.
pub(super) fn describe(document: &Document, node: &Node) -> String {
    match &node.value {
        Value::Scalar(Scalar::Null) => "nothing".to_owned(),
        Value::Scalar(scalar) => {
            let kind = match scalar {
                Scalar::Boolean(_) => "the boolean",
                Scalar::Integer(_) | Scalar::Float(_) => "the number",
                _ => "the text",
            };
            match document.text(node) {
                Some(text) => format!("{kind} `{}`", excerpt(text)),
                None => kind.replacen("the", "a", 1),
            }
        }
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
    }
}

/// Text short enough for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short.replace(['\n', '\r'], " ")
}

/// "did you mean `x`?", where something near is among the candidates.
pub(super) fn did_you_mean<'n>(
    word: &str,
    candidates: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    suggest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// Names in backticks: `a`, `b` and `c`.
pub(crate) fn listing<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MOST: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = String::new();
    for (index, name) in names.iter().take(MOST).enumerate() {
        match index {
            0 => {}
            _ if index + 1 == names.len() => text.push_str(" and "),
            _ => text.push_str(", "),
        }
        text.push('`');
        text.push_str(&excerpt(name));
        text.push('`');
    }
    if names.len() > MOST {
        text.push_str(" and ");
        text.push_str(&(names.len() - MOST).to_string());
        text.push_str(" more");
    }
    text
}

/// A mapping whose keys are known, read.
pub(super) struct Slots<'d, const N: usize> {
    keys: [&'static str; N],
    found: [Option<&'d Entry>; N],
    /// Keys that an unknown key was probably meant for: not to be reported as missing.
    meant: Vec<&'static str>,
    /// Whether there is a key that means nothing here.
    strange: bool,
    span: Span,
}

impl<'d, const N: usize> Slots<'d, N> {
    /// The entry under the key.
    pub(super) fn entry(&self, key: &str) -> Option<&'d Entry> {
        let slots = self.keys.iter().zip(&self.found);
        slots.filter(|(known, _)| **known == key).find_map(|(_, entry)| *entry)
    }

    /// The value under the key.
    pub(super) fn get(&self, key: &str) -> Option<&'d Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value under a key that must be there.
    pub(super) fn require(
        &self,
        cx: &mut Context<'_>,
        key: &'static str,
        of: &str,
        help: &str,
    ) -> Option<&'d Node> {
        let node = self.get(key);
        if node.is_none() && !self.meant.contains(&key) {
            cx.error_with_help(Code::MissingKey, self.span, format!("{of} has no `{key}`"), help);
        }
        node
    }

    /// Whether there was an unknown key, so that what is missing is better not talked about.
    pub(super) fn has_strange(&self) -> bool {
        self.strange
    }
}

/// Reads a mapping with a fixed set of keys: reports another shape, unknown keys, and nulls under
/// keys that are not in `nullable`.
pub(super) fn mapping<'d, const N: usize>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
    keys: [&'static str; N],
    nullable: &[&str],
) -> Option<Slots<'d, N>> {
    let entries = entries(cx, document, node, what)?;
    let mut found = [None; N];
    let mut meant = Vec::new();
    let mut strange = false;
    let mut said: Vec<String> = Vec::new();
    for entry in entries {
        let text = document.text(&entry.key);
        let slot = text.and_then(|text| keys.iter().position(|key| *key == text));
        if let Some(slot) = slot.and_then(|index| found.get_mut(index)) {
            *slot = Some(entry);
            if is_null(&entry.value) && !text.is_some_and(|text| nullable.contains(&text)) {
                null_value(cx, document, entry);
            }
            continue;
        }
        strange = true;
        let text = text.unwrap_or("null");
        // `scope {action: refund}` is the key `scope {action` to YAML.
        let lacks_colon = text
            .split_once([' ', '\t'])
            .filter(|(key, rest)| keys.contains(key) && rest.trim_start().starts_with(['{', '[']));
        let near =
            lacks_colon.map(|(key, _)| (key, format!("a colon stands behind a key: `{key}: ..`")));
        let near = near.or_else(|| meant_key(text, &keys)).or_else(|| {
            let near = suggest(text, keys.iter().copied())?;
            Some((near, format!("did you mean `{near}`?")))
        });
        let help = match near {
            Some((near, help)) => {
                meant.extend(keys.iter().find(|key| **key == near).copied());
                // Several keys that stand in the wrong place for one reason are one mistake.
                if said.contains(&help) {
                    continue;
                }
                said.push(help.clone());
                help
            }
            None => format!("the keys of {what} are {}", listing(keys.iter().copied())),
        };
        let message = format!("`{}` is no key of {what}", excerpt(text));
        cx.error_with_help(Code::UnknownKey, document.span(&entry.key), message, help);
    }
    Some(Slots { keys, found, meant, strange, span: head(document, node) })
}

/// The entries of a mapping whose keys are names.
pub(super) fn entries<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
) -> Option<&'d [Entry]> {
    match &node.value {
        Value::Mapping(entries) => Some(entries),
        Value::Scalar(Scalar::Null) => None,
        _ => {
            let message = format!("{what} is a mapping, not {}", describe(document, node));
            let help = match (&node.value, what) {
                (Value::Sequence(_), "the policy" | "a document of further rules") => {
                    Some("put the list under `rules:`, beside `version:`")
                }
                (Value::Sequence(_), "`actions`") => {
                    Some("write each as a key: `refund: {fields: {amount: number}}`")
                }
                (Value::Sequence(_), "`fields`") => {
                    Some("write each as a key with its type: `amount: number`")
                }
                (Value::Scalar(_), "a required action") => {
                    Some("write what the host should do: `{type: human_approval}`, say")
                }
                _ => None,
            };
            let help = help.map(str::to_owned);
            let span = match what {
                "the policy" | "the schema" => head(document, node),
                _ => document.span(node),
            };
            cx.error_with_hint(Code::WrongShape, span, message, help);
            None
        }
    }
}

/// Reports a key with nothing after it.
pub(super) fn null_value(cx: &mut Context<'_>, document: &Document, entry: &Entry) {
    let key = document.text(&entry.key).unwrap_or("null");
    cx.error_with_help(
        Code::NullValue,
        document.span(&entry.key),
        format!("`{}` has nothing after it", excerpt(key)),
        match key {
            "global" => "write `global: true`",
            _ => "write a value, or leave the key out",
        },
    );
}

/// The items of a list that must have some: reports another shape, an empty list and null items.
pub(super) fn items<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
) -> Option<&'d [Node]> {
    let items = items_or_none(cx, document, node, what)?;
    if items.is_empty() {
        cx.error(Code::EmptyList, document.span(node), format!("{what} is empty"));
        return None;
    }
    Some(items)
}

/// The items of a list, of which there may be none: reports another shape and null items.
pub(super) fn items_or_none<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
) -> Option<&'d [Node]> {
    match &node.value {
        Value::Sequence(items) => {
            for item in items.iter().filter(|item| is_null(item)) {
                let message = format!("{what} has an item that is null");
                cx.error(Code::NullValue, document.span(item), message);
            }
            Some(items)
        }
        Value::Scalar(Scalar::Null) => None,
        _ => {
            let message = format!("{what} is a list, not {}", describe(document, node));
            let help = match document.text(node) {
                Some(text) => Some(format!("write `[{}]`", excerpt(text))),
                None if what == "`rules`" => {
                    Some("begin each rule with `- ` and give it an `id`".to_owned())
                }
                None => Some("begin each item with `- `".to_owned()),
            };
            // All of it may be long: its beginning says enough.
            let span = head(document, node);
            cx.error_with_hint(Code::WrongShape, span, message, help);
            None
        }
    }
}

/// One of a few keywords, with what it stands for.
pub(super) fn keyword<T: Copy>(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    code: Code,
    what: &str,
    words: &[(&str, T)],
) -> Option<T> {
    if is_null(node) {
        return None;
    }
    let text = document.text(node);
    if let Some((_, value)) = words.iter().find(|(word, _)| Some(*word) == text) {
        return Some(*value);
    }
    let choices = || words.iter().map(|(word, _)| *word);
    let message = match text {
        Some(text) => format!("`{}` is no {what}", excerpt(text)),
        None => format!("{} is no {what}", describe(document, node)),
    };
    let help = text
        .and_then(|text| match meant_keyword(text, choices()) {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None => did_you_mean(text, choices()),
        })
        .unwrap_or_else(|| format!("write one of {}", listing(choices())));
    cx.error_with_help(code, document.span(node), message, help);
    None
}

/// `true` or `false`.
pub(super) fn boolean(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    what: &str,
) -> Option<bool> {
    match &node.value {
        Value::Scalar(Scalar::Boolean(value)) => Some(*value),
        Value::Scalar(Scalar::Null) => None,
        _ => {
            let message =
                format!("`{what}` is `true` or `false`, not {}", describe(document, node));
            let help = document.text(node).and_then(meant_boolean);
            let help = help.map(|value| format!("write `{value}`"));
            cx.error_with_hint(Code::WrongShape, document.span(node), message, help);
            None
        }
    }
}

/// The boolean that another spelling stands for.
pub(super) fn meant_boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// Text for people.
pub(super) fn prose(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    what: &str,
) -> Option<String> {
    match &node.value {
        Value::Scalar(Scalar::String(text)) => Some(text.clone()),
        Value::Scalar(Scalar::Null) => None,
        _ => {
            let message = format!("`{what}` is text, not {}", describe(document, node));
            let help = document.text(node).map(|text| format!("quote it: `\"{}\"`", excerpt(text)));
            cx.error_with_hint(Code::WrongShape, document.span(node), message, help);
            None
        }
    }
}

/// The first line of a node: where to point when the node as a whole lacks something.
pub(super) fn head(document: &Document, node: &Node) -> Span {
    match &node.value {
        Value::Mapping(entries) => {
            entries.first().map_or_else(|| document.span(node), |entry| document.span(&entry.key))
        }
        Value::Sequence(_) => {
            let span = document.span(node);
            Span { end: span.end.min(span.start + 1), ..span }
        }
        Value::Scalar(_) => document.span(node),
    }
}
