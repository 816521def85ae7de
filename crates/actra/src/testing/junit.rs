//! A report as JUnit XML, for build servers: what the schemas of Jenkins and of Maven's Surefire
//! both admit.

use super::report::{Counts, FileReport, Report, Run, Verdict};
use actra_compiler::diagnostic::Style;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The report as a JUnit XML document.
pub fn to_junit(report: &Report) -> String {
    let mut xml = Xml { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned() };
    let Counts { failed, errors, .. } = report.counts();
    xml.open(
        "testsuites",
        &[
            ("name", "actra"),
            ("tests", &report.counts().total().to_string()),
            ("failures", &failed.to_string()),
            ("errors", &errors.to_string()),
            ("time", &seconds(report.elapsed)),
        ],
    );
    for file in &report.files {
        suite(&mut xml, report, file);
    }
    xml.close("testsuites");
    xml.text
}

fn suite(xml: &mut Xml, report: &Report, file: &FileReport) {
    let counts = file.counts();
    let path = file.path.display().to_string();
    xml.open(
        "testsuite",
        &[
            ("name", file.name.as_deref().unwrap_or(&path)),
            ("tests", &counts.total().to_string()),
            ("failures", &counts.failed.to_string()),
            ("errors", &counts.errors.to_string()),
            ("skipped", &counts.skipped.to_string()),
            ("time", &seconds(file.elapsed)),
        ],
    );
    let class = class(&file.path);
    if file.is_broken {
        xml.open(
            "testcase",
            &[("name", "the document can be run"), ("classname", &class), ("time", "0.000000")],
        );
        let first = file.findings.diagnostics().first().map_or("", |first| first.message.as_str());
        xml.leaf(
            "error",
            &[("message", first), ("type", "document")],
            &file.findings.render(Style::Plain),
        );
        xml.close("testcase");
    }
    for run in &file.runs {
        case(xml, report, file, run, &class);
    }
    xml.close("testsuite");
}

fn case(xml: &mut Xml, report: &Report, file: &FileReport, run: &Run, class: &str) {
    let time = seconds(run.elapsed);
    xml.open("testcase", &[("name", &run.name), ("classname", class), ("time", &time)]);
    match &run.verdict {
        Verdict::Passed => {}
        Verdict::Skipped(reason) => xml.leaf("skipped", &[("message", reason)], ""),
        Verdict::NoPolicy => {
            let policy = file.policy.as_deref();
            let broken = report.broken.iter().find(|broken| Some(broken.path.as_path()) == policy);
            let text = broken.map_or(String::new(), |broken| broken.error.render(Style::Plain));
            let attributes = [("message", "the policy does not compile"), ("type", "policy")];
            xml.leaf("error", &attributes, &text);
        }
        Verdict::Failed(failure) => {
            let mut message = String::new();
            let mut text = format!("{}:{}\n", file.path.display(), run.place.line);
            if let Some(input) = &failure.input {
                let _ = writeln!(text, "input: {input}");
            }
            for difference in &failure.differences {
                let (expected, actual) = (&difference.expected, &difference.actual);
                let line = format!("{}: expected {expected}, found {actual}", difference.field);
                let _ = writeln!(text, "{line}");
                message.push_str(if message.is_empty() { "" } else { "; " });
                message.push_str(&line);
            }
            if let Err(error) = &failure.actual {
                let _ = writeln!(text, "{}", error.message);
            }
            xml.leaf("failure", &[("message", &message), ("type", "decision")], &text);
        }
    }
    xml.close("testcase");
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.6}", elapsed.as_secs_f64())
}

/// Build servers make a tree of what dots part: directories, and the file without its extension.
fn class(path: &Path) -> String {
    let path = path.with_extension("");
    let parts = path.components().filter_map(|part| match part {
        std::path::Component::Normal(part) => Some(part.to_string_lossy().replace('.', "_")),
        _ => None,
    });
    parts.collect::<Vec<_>>().join(".")
}

struct Xml {
    text: String,
}

impl Xml {
    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.text.push_str(">\n");
    }

    fn close(&mut self, name: &str) {
        let _ = writeln!(self.text, "</{name}>");
    }

    fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.tag(name, attributes);
        if text.is_empty() {
            self.text.push_str("/>\n");
            return;
        }
        self.text.push('>');
        escape_text(text, &mut self.text);
        self.close(name);
    }
}

/// The value of an attribute: line breaks, too, would be lost.
fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            _ => escape_char(char, out),
        }
    }
}

fn escape_text(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '\r' => out.push_str("&#13;"),
            _ => escape_char(char, out),
        }
    }
}

fn escape_char(char: char, out: &mut String) {
    match char {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\t' | '\n' | '\r' => out.push(char),
        // XML has no way to write these at all.
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.extend(char.escape_unicode()),
        _ => out.push(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_xml_cannot_hold_is_spelled_out() {
        let mut text = String::new();
        escape("a<b> & \"c\"\n\u{1b}[0m\u{ffff}ü", &mut text);
        assert_eq!(text, "a&lt;b&gt; &amp; &quot;c&quot;&#10;\\u{1b}[0m\\u{ffff}ü");
        let mut text = String::new();
        escape_text("]]>\r\n\t\0", &mut text);
        assert_eq!(text, "]]&gt;&#13;\n\t\\u{0}");
    }

    #[test]
    fn a_file_is_a_class_in_the_packages_of_its_directories() {
        assert_eq!(class(Path::new("./a.b/c/refund_test.yaml")), "a_b.c.refund_test");
        assert_eq!(class(Path::new("/x/y_test.yaml")), "x.y_test");
    }
}
