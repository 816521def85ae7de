//! `actra explain-error`.

use crate::args::{ExplainError, Format};
use crate::failure::Failure;
use crate::output::{self, Paint};
use actra::codes::AnyCode;
use actra::diagnostic::{Part, Style, Verdict};
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;

/// A code as a list shows it.
#[derive(Debug, Serialize)]
struct Listed {
    code: &'static str,
    severity: &'static str,
    group: &'static str,
    meaning: &'static str,
}

/// A code at length.
#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    listed: Listed,
    #[serde(rename = "explanation")]
    paragraphs: Vec<&'static str>,
    wrong: Vec<Document>,
    /// What is said of the wrong example; null where there is none.
    says: Option<String>,
    right: Vec<Document>,
}

#[derive(Debug, Serialize)]
struct Document {
    #[serde(rename = "document")]
    name: &'static str,
    language: &'static str,
    text: &'static str,
}

pub(super) fn run(args: &ExplainError, color: ColorChoice) -> Result<(), Failure> {
    let Some(name) = &args.code else {
        let text = match args.format {
            Format::Text => list(),
            Format::Json => output::pretty_json(&AnyCode::all().map(listed).collect::<Vec<_>>()),
        };
        return output::print(&text, args.format, color);
    };
    let Some(code) = find(name) else { return Err(unknown(name)) };
    let text = match args.format {
        Format::Text => explain(code),
        Format::Json => output::pretty_json(&explained(code)),
    };
    output::print(&text, args.format, color)
}

/// The code, also as it is copied from an error: `error[undeclared_field]`.
fn find(name: &str) -> Option<AnyCode> {
    let inner = name.split_once('[').map_or(name, |(_, inner)| inner);
    AnyCode::parse(inner.trim_end_matches([']', ':']))
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::new("unknown_code", format!("there is no code `{name}`"));
    match AnyCode::near(name) {
        Some(near) => failure.with_help(format!("did you mean `{near}`?")),
        None => failure.with_help("`actra explain-error` lists all codes"),
    }
}

fn listed(code: AnyCode) -> Listed {
    Listed {
        code: code.as_str(),
        severity: code.severity(),
        group: code.group(),
        meaning: code.meaning(),
    }
}

fn explained(code: AnyCode) -> Explained {
    let documents = |verdict| {
        let examples = code.explanation().examples(verdict);
        examples
            .map(|example| Document {
                name: example.document,
                language: example.language,
                text: example.text,
            })
            .collect()
    };
    Explained {
        listed: listed(code),
        paragraphs: code.explanation().paragraphs().collect(),
        wrong: documents(Verdict::Wrong),
        says: code.demonstrate(Verdict::Wrong, Style::Plain),
        right: documents(Verdict::Right),
    }
}

fn list() -> String {
    let mut text = String::new();
    let width = AnyCode::all().map(|code| code.as_str().len()).max().unwrap_or(0);
    let mut group = "";
    for code in AnyCode::all() {
        if code.group() != group {
            if !group.is_empty() {
                text.push('\n');
            }
            group = code.group();
            let _ = writeln!(text, "{}", Paint::Strong.of(group));
        }
        let name = format!("{:<width$}", code.as_str());
        let name = match code.severity() {
            "warning" => Paint::Approval.of(&name),
            _ => Paint::Error.of(&name),
        };
        let note = if code.severity() == "warning" { " (a warning)" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name}  {}{note}", code.meaning());
    }
    let _ = writeln!(text, "\n`actra explain-error CODE` explains one of them.");
    text
}

fn explain(code: AnyCode) -> String {
    let severity = match code.severity() {
        "warning" => Paint::Approval,
        _ => Paint::Error,
    };
    let title = severity.of(&format!("{}[{code}]", code.severity()));
    let mut text = format!("{title}: {}\n", Paint::Strong.of(code.meaning()));
    let mut verdict = None;
    for part in code.explanation().parts() {
        match part {
            Part::Text(paragraph) => {
                let _ = write!(text, "\n{}", wrapped(paragraph));
            }
            Part::Example(example) => {
                if verdict == Some(Verdict::Wrong) && example.verdict == Verdict::Right {
                    says(&mut text, code);
                }
                verdict = Some(example.verdict);
                let heading = match example.verdict {
                    Verdict::Wrong => Paint::Error.of("wrong"),
                    Verdict::Right => Paint::Allow.of("right"),
                };
                let _ = write!(text, "\n{heading} {}\n", Paint::Label.of(example.document));
                indent(&mut text, example.text);
            }
        }
    }
    if verdict == Some(Verdict::Wrong) {
        says(&mut text, code);
    }
    text
}

/// What is said of the wrong example.
fn says(text: &mut String, code: AnyCode) {
    if let Some(said) = code.demonstrate(Verdict::Wrong, Style::Coloured) {
        let _ = write!(text, "\n{}\n", Paint::Help.of("says"));
        indent(text, &said);
    }
}

fn indent(text: &mut String, block: &str) {
    for line in block.lines() {
        let _ = writeln!(text, "    {line}");
    }
}

/// A paragraph in lines that are easy to read.
fn wrapped(paragraph: &str) -> String {
    const COLUMNS: usize = 88;
    let mut text = String::new();
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > COLUMNS {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_as_they_are_copied() {
        for name in ["wrong_type", "input error[wrong_type]", "error[wrong_type]:"] {
            assert_eq!(find(name).map(AnyCode::as_str), Some("wrong_type"), "{name}");
        }
        assert_eq!(find("error[nothing]"), None);
    }

    #[test]
    fn paragraphs_are_wrapped_between_words() {
        let text = wrapped(&"word ".repeat(40));
        assert!(text.lines().all(|line| line.len() <= 88 && !line.ends_with(' ')));
        assert_eq!(text.split_whitespace().count(), 40);
    }

    #[test]
    fn every_code_is_explained_and_listed() {
        let list = list();
        for code in AnyCode::all() {
            assert!(list.contains(code.as_str()));
            let text = anstream::adapter::strip_str(&explain(code)).to_string();
            assert!(text.starts_with(&format!("{}[{code}]: ", code.severity())), "{text}");
            assert_eq!(text.contains("says"), text.contains("wrong "), "{text}");
        }
    }
}
