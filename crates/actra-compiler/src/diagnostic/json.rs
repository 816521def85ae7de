//! Diagnostics as data, for editors and other programs.

use super::{Diagnostic, Sources, Span};
use serde::Serialize;

/// A diagnostic with its places resolved. Lines and columns count from 1, columns in characters;
/// ends are exclusive. They and the file are null where the diagnostic has no place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagnosticView<'a> {
    /// The code.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// One sentence.
    pub message: &'a str,
    /// Name of the document.
    pub file: Option<&'a str>,
    /// Line where the place begins.
    pub line: Option<u32>,
    /// Column where the place begins.
    pub column: Option<u32>,
    /// Line where the place ends.
    pub end_line: Option<u32>,
    /// Column just past its last character.
    pub end_column: Option<u32>,
    /// Byte of the document where the place begins, from 0.
    pub offset: Option<u32>,
    /// Byte just past its last.
    pub end_offset: Option<u32>,
    /// What to do.
    pub help: Option<&'a str>,
    /// Other places that matter.
    pub related: Vec<RelatedView<'a>>,
}

/// Another place that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedView<'a> {
    /// What it is.
    pub message: &'a str,
    /// Name of the document.
    pub file: &'a str,
    /// Line where the place begins.
    pub line: u32,
    /// Column where the place begins.
    pub column: u32,
    /// Line where the place ends.
    pub end_line: u32,
    /// Column just past its last character.
    pub end_column: u32,
    /// Byte of the document where the place begins, from 0.
    pub offset: u32,
    /// Byte just past its last.
    pub end_offset: u32,
}

impl<'a> DiagnosticView<'a> {
    /// Resolves the places of a diagnostic.
    pub fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        let place = diagnostic.span.map(|span| related("", span, sources));
        Self {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            file: place.as_ref().map(|place| place.file),
            line: place.as_ref().map(|place| place.line),
            column: place.as_ref().map(|place| place.column),
            end_line: place.as_ref().map(|place| place.end_line),
            end_column: place.as_ref().map(|place| place.end_column),
            offset: place.as_ref().map(|place| place.offset),
            end_offset: place.as_ref().map(|place| place.end_offset),
            help: diagnostic.help.as_deref(),
            related: diagnostic
                .related
                .iter()
                .map(|(span, what)| related(what, *span, sources))
                .collect(),
        }
    }
}

fn related<'a>(message: &'a str, span: Span, sources: &'a Sources) -> RelatedView<'a> {
    let (start, end) = (sources.place(span), sources.end_place(span));
    RelatedView {
        message,
        file: sources.source(span.source).map_or("", |source| source.name.as_str()),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        offset: span.start,
        end_offset: span.end,
    }
}

/// A diagnostic as a JSON value: [`DiagnosticView`], serialised.
pub fn to_json(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    // A view has only strings and numbers, which always serialise.
    serde_json::to_value(DiagnosticView::new(diagnostic, sources)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};

    #[test]
    fn views_have_names_lines_and_columns() {
        let mut sources = Sources::default();
        let source = sources.add("policy.yaml", "ä: b\nc: |\n d\n e\n");
        let one = Span { source, start: 4, end: 5 };
        let two = Span { source, start: 9, end: 15 };
        let diagnostic = Diagnostic::error(Code::RepeatedKey, two, "twice")
            .with_related(one, "once")
            .with_help("look");
        let wanted = serde_json::json!({
            "code": "repeated_key",
            "severity": "error",
            "message": "twice",
            "file": "policy.yaml",
            "line": 2,
            "column": 4,
            "end_line": 4,
            "end_column": 2,
            "offset": 9,
            "end_offset": 15,
            "help": "look",
            "related": [{
                "message": "once",
                "file": "policy.yaml",
                "line": 1,
                "column": 4,
                "end_line": 1,
                "end_column": 5,
                "offset": 4,
                "end_offset": 5,
            }],
        });
        assert_eq!(to_json(&diagnostic, &sources), wanted);
        let unplaced = Diagnostic::unplaced(Code::MissingFile, Severity::Error, "no file");
        let json = to_json(&unplaced, &sources);
        assert_eq!(json.get("file"), Some(&serde_json::Value::Null));
        assert_eq!(json.get("line"), Some(&serde_json::Value::Null));
    }
}
