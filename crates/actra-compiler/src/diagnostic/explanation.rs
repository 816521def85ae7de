//! What a code means at length: its cause in plain words, a wrong example and a right one.
//!
//! Explanations are Markdown, one file per code, compiled in. This module takes them apart, so that
//! the command, the documentation and the tests all work from the same text.

/// Documents that the examples of an explanation leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommonDocuments {
    /// `schema.yaml`.
    pub schema: &'static str,
    /// `policy.yaml`.
    pub policy: &'static str,
}

/// What the examples of [`super::Code`]s leave out.
pub const COMMON_DOCUMENTS: CommonDocuments = CommonDocuments {
    schema: include_str!("explanations/schema.yaml"),
    policy: include_str!("explanations/policy.yaml"),
};

/// The explanation of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    markdown: &'static str,
}

/// A part of an explanation, in the order in which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A paragraph.
    Text(&'static str),
    /// A document.
    Example(Example),
}

/// A document that shows what is wrong, or how it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Which of the two.
    pub verdict: Verdict,
    /// `yaml` or `json`.
    pub language: &'static str,
    /// The document that it is: `policy.yaml`, `policies/payouts.yaml`, `input.json`.
    pub document: &'static str,
    /// Its text, ended by a line break.
    pub text: &'static str,
}

/// Whether an example shows the mistake or how it is done right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The mistake.
    Wrong,
    /// Without it.
    Right,
}

impl Verdict {
    /// `wrong` or `right`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Right => "right",
        }
    }
}

const FENCE: &str = "```";

impl Explanation {
    /// An explanation from its Markdown: paragraphs, and fenced blocks whose first line says
    /// language, verdict and document (`yaml wrong policy.yaml`).
    pub const fn new(markdown: &'static str) -> Self {
        Self { markdown }
    }

    /// Its parts.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let mut rest = self.markdown;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches('\n');
            if rest.is_empty() {
                return None;
            }
            if let Some(block) = rest.strip_prefix(FENCE) {
                let (info, body) = block.split_once('\n')?;
                let end = body.find("\n```").map_or(body.len(), |end| end + 1);
                let (text, after) = body.split_at_checked(end)?;
                rest = after.strip_prefix(FENCE).unwrap_or(after);
                return Some(Part::Example(example(info, text)));
            }
            let end = rest.find("\n\n").unwrap_or(rest.len());
            let (text, after) = rest.split_at_checked(end)?;
            rest = after;
            Some(Part::Text(text.trim_end()))
        })
    }

    /// Its paragraphs.
    pub fn paragraphs(self) -> impl Iterator<Item = &'static str> {
        self.parts().filter_map(|part| match part {
            Part::Text(text) => Some(text),
            Part::Example(_) => None,
        })
    }

    /// Its documents of one verdict. A situation that no text shows has none.
    pub fn examples(self, verdict: Verdict) -> impl Iterator<Item = Example> {
        self.parts().filter_map(move |part| match part {
            Part::Example(example) if example.verdict == verdict => Some(example),
            _ => None,
        })
    }
}

fn example(info: &'static str, text: &'static str) -> Example {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default();
    let verdict = if words.next() == Some("right") { Verdict::Right } else { Verdict::Wrong };
    Example { verdict, language, document: words.next().unwrap_or_default(), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn explanations_come_apart_into_paragraphs_and_documents() {
        let explanation = Explanation::new(
            "One.\nTwo.\n\nThree.\n\n```yaml wrong policy.yaml\na: b\n\nc: d\n```\n\n```json right \
             input.json\n{}\n```\n",
        );
        let document = |verdict, language, document, text| {
            Part::Example(Example { verdict, language, document, text })
        };
        let parts: Vec<Part> = explanation.parts().collect();
        assert_eq!(
            parts,
            [
                Part::Text("One.\nTwo."),
                Part::Text("Three."),
                document(Verdict::Wrong, "yaml", "policy.yaml", "a: b\n\nc: d\n"),
                document(Verdict::Right, "json", "input.json", "{}\n"),
            ]
        );
    }

    #[test]
    fn every_code_is_explained_in_two_to_six_sentences() {
        for code in Code::ALL.iter().copied() {
            let text = code.explanation().paragraphs().collect::<Vec<_>>().join(" ");
            let sentences = text.matches(". ").count() + 1;
            assert!((2..=6).contains(&sentences), "{code}: {sentences} sentences");
            assert!(text.ends_with('.'), "{code}");
        }
    }

    #[test]
    fn examples_say_what_they_are() {
        for code in Code::ALL.iter().copied() {
            for part in code.explanation().parts() {
                let Part::Example(example) = part else { continue };
                assert_eq!(example.language, "yaml", "{code}");
                let known = ["schema.yaml", "policy.yaml", "governance.yaml"];
                let more = example.document.starts_with("policies/")
                    || example.document.ends_with("_test.yaml");
                assert!(more || known.contains(&example.document), "{code}: {}", example.document);
                assert!(example.text.ends_with('\n'), "{code}");
            }
            let wrong = code.explanation().examples(Verdict::Wrong).count();
            let right = code.explanation().examples(Verdict::Right).count();
            assert!(wrong > 0 || right == 0, "{code} has a right example and no wrong one");
        }
    }
}
