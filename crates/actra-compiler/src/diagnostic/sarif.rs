//! Diagnostics as SARIF 2.1.0, which code hosts and editors show beside the lines they are about.

use super::{Code, Diagnostic, Part, Severity, Sources, Span, Verdict};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Name of the fingerprint, with the number of the way in which it is computed.
const FINGERPRINT: &str = "actraLine/v1";

/// A log of one run over some documents, as a JSON value. `version` is the tool's.
///
/// Columns count characters, and the log says so. Every code that occurs is described as a rule,
/// with its explanation as help.
pub fn to_sarif(diagnostics: &[Diagnostic], sources: &Sources, version: &str) -> serde_json::Value {
    let codes: Vec<Code> = {
        let mut codes: Vec<Code> = diagnostics.iter().map(|found| found.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    let mut seen = BTreeMap::new();
    let results =
        diagnostics.iter().map(|found| result(found, sources, &codes, &mut seen)).collect();
    let errors = diagnostics.iter().any(|found| found.severity == Severity::Error);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "actra",
                    version,
                    semantic_version: version,
                    rules: codes.iter().map(|code| rule(*code)).collect(),
                },
            },
            invocations: [Invocation { execution_successful: true, exit_code: i32::from(errors) }],
            column_kind: "unicodeCodePoints",
            artifacts: sources.files().iter().map(|file| artifact(&file.name)).collect(),
            results,
        }],
    };
    // Structs with named fields and strings as keys always serialise.
    serde_json::to_value(log).unwrap_or_default()
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    column_kind: &'a str,
    artifacts: Vec<Artifact>,
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    semantic_version: &'a str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    location: Uri,
    encoding: &'static str,
    source_language: &'static str,
}

#[derive(Serialize)]
struct Uri {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(rename = "physicalLocation")]
    place: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Uri,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
    byte_offset: u32,
    byte_length: u32,
}

fn plain(text: &str) -> Text {
    Text { text: message(text), markdown: None }
}

/// In the message of a result, braces are placeholders unless they are doubled, and `[a](0)` would be
/// a link. (What is said of rules takes no arguments, and its examples should stay readable.)
fn message(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

fn rule(code: Code) -> Rule {
    let paragraphs: Vec<&str> = code.explanation().paragraphs().collect();
    let text = paragraphs.join("\n\n");
    Rule {
        id: code.as_str(),
        short_description: Text { text: code.meaning().to_owned(), markdown: None },
        full_description: Text { text: text.clone(), markdown: None },
        help: Text { text, markdown: Some(markdown(code)) },
        default_configuration: Configuration { level: code.severity().as_str() },
    }
}

/// The explanation with headings for its examples.
fn markdown(code: Code) -> String {
    let mut markdown = String::new();
    for part in code.explanation().parts() {
        // Writing to a string does not fail.
        let _ = match part {
            Part::Text(text) => write!(markdown, "{text}\n\n"),
            Part::Example(example) => {
                let heading = match example.verdict {
                    Verdict::Wrong => "Wrong",
                    Verdict::Right => "Right",
                };
                let (language, document) = (example.language, example.document);
                write!(
                    markdown,
                    "**{heading}** (`{document}`)\n\n```{language}\n{}```\n\n",
                    example.text
                )
            }
        };
    }
    markdown
}

fn artifact(name: &str) -> Artifact {
    Artifact {
        location: Uri { uri: uri(name), index: None },
        encoding: "UTF-8",
        source_language: "yaml",
    }
}

/// The name of a document as a URI: relative as the name is, or of the `file` scheme.
fn uri(name: &str) -> String {
    let name = name.replace('\\', "/");
    let name = name.strip_prefix("./").unwrap_or(&name);
    let mut uri = match name.strip_prefix('/') {
        Some(_) => "file://".to_owned(),
        None => String::new(),
    };
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

fn location(span: Span, sources: &Sources) -> Option<PhysicalLocation> {
    let source = sources.source(span.source)?;
    let (start, end) = (sources.place(span), sources.end_place(span));
    Some(PhysicalLocation {
        artifact_location: Uri { uri: uri(&source.name), index: Some(span.source.0) },
        region: Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_offset: span.start,
            byte_length: span.end.saturating_sub(span.start),
        },
    })
}

fn result(
    found: &Diagnostic,
    sources: &Sources,
    codes: &[Code],
    seen: &mut BTreeMap<String, u32>,
) -> Finding {
    let text = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let place = found.span.and_then(|span| location(span, sources));
    let related = found.related.iter().enumerate().filter_map(|(index, (span, what))| {
        Some(Location {
            id: Some(index),
            place: location(*span, sources)?,
            message: Some(plain(what)),
        })
    });
    let fingerprint = found.span.map(|span| fingerprint(found.code, span, sources, seen));
    Finding {
        rule_id: found.code.as_str(),
        rule_index: codes.binary_search(&found.code).unwrap_or(0),
        level: found.severity.as_str(),
        message: plain(&text),
        locations: place
            .map(|place| Location { id: None, place, message: None })
            .into_iter()
            .collect(),
        related_locations: related.collect(),
        partial_fingerprints: fingerprint.map(|print| (FINGERPRINT, print)).into_iter().collect(),
    }
}

/// What tells a finding from others when lines move: code, document, the line's text, and which
/// of several alike it is.
fn fingerprint(
    code: Code,
    span: Span,
    sources: &Sources,
    seen: &mut BTreeMap<String, u32>,
) -> String {
    let name = sources.source(span.source).map_or("", |source| source.name.as_str());
    let line = sources.line(span.source, sources.place(span).line).map_or("", |(_, line)| line);
    let mut hash = Sha256::new();
    for part in [code.as_str(), &uri(name), line.trim()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut print = String::new();
    for byte in hash.finalize().iter().take(16) {
        let _ = write!(print, "{byte:02x}");
    }
    let count = seen.entry(print.clone()).or_default();
    *count += 1;
    format!("{print}:{count}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> (Vec<Diagnostic>, Sources) {
        let mut sources = Sources::default();
        let one = sources.add("./a b/ü.yaml", "ä: b\nwhen: 😀 x\nwhen: 😀 x\n");
        let two = sources.add("/etc/policy.yaml", "a\n");
        let span = |source, start, end| Span { source, start, end };
        let twice = |start| {
            Diagnostic::error(
                Code::RepeatedKey,
                span(one, start, start + 4),
                "the key `{x}` is twice",
            )
            .with_related(span(two, 0, 1), "first here")
            .with_help("write `[a](b)`")
        };
        let diagnostics = vec![
            Diagnostic::unplaced(Code::MissingFile, Severity::Error, "no file"),
            twice(6),
            twice(19),
            Diagnostic::warning(Code::NoRules, span(one, 12, 16), "none"),
        ];
        (diagnostics, sources)
    }

    #[test]
    fn findings_have_rules_levels_places_and_fingerprints() {
        let (diagnostics, sources) = found();
        let log = to_sarif(&diagnostics, &sources, "1.2.3");
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        assert_eq!(run["invocations"][0]["exitCode"], 1);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 4);
        for result in results {
            let rule =
                &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["markdown"].is_string() && rule["helpUri"].is_null());
        }
        assert!(results[0].get("locations").is_none());
        assert_eq!(
            results[1]["message"]["text"],
            "the key `{{x}}` is twice\nhelp: write `[a] (b)`"
        );
        assert_eq!(results[3]["level"], "warning");
        let place = &results[3]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.yaml");
        // Byte 12 is behind `when: `; an emoji is one character there.
        let region = serde_json::json!({
            "startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 8,
            "byteOffset": 12, "byteLength": 4,
        });
        assert_eq!(place["region"], region);
        let related = &results[1]["relatedLocations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(related["uri"], "file:///etc/policy.yaml");
        assert_eq!(
            run["artifacts"][related["index"].as_u64().unwrap() as usize]["location"]["uri"],
            related["uri"]
        );
    }

    #[test]
    fn fingerprints_stay_when_lines_move_and_tell_equal_lines_apart() {
        let (diagnostics, sources) = found();
        let print = |log: &serde_json::Value, index: usize| {
            log["runs"][0]["results"][index]["partialFingerprints"][FINGERPRINT].clone()
        };
        let log = to_sarif(&diagnostics, &sources, "1.2.3");
        assert_ne!(print(&log, 1), print(&log, 2));
        let mut moved = Sources::default();
        moved.add("a b/ü.yaml", "ä: b\n\n  when: 😀 x\n");
        let span = Span { source: super::super::SourceId(0), start: 9, end: 13 };
        let again = [Diagnostic::error(Code::RepeatedKey, span, "twice")];
        assert_eq!(print(&to_sarif(&again, &moved, "1"), 0), print(&log, 1));
    }
}
