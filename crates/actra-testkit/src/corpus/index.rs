//! The sentences of the language page that say what happens, and the cases that hold them.

use super::CaseFile;
use super::read;
use serde_yaml::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// `conformance/index.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Sections of the language page with their sentences, in its order.
    pub sections: Vec<(String, Vec<Sentence>)>,
}

/// A sentence that says what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What cases call it in `of:`.
    pub id: String,
    /// What it says, in short.
    pub says: String,
    /// What holds it besides cases: `path` or `path#test`.
    pub held_by: Vec<String>,
    /// Why nothing holds it yet.
    pub open: Option<String>,
}

impl Index {
    /// Reads the index.
    ///
    /// # Errors
    /// What is wrong with it, as text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root: Yaml = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let mut sections = Vec::new();
        for section in read::list(root, "the index")? {
            let mut section = read::entries(section, "a section", &["section", "sentences"])?;
            let name = read::string(section.remove("section").unwrap_or_default(), "`section`")?;
            let mut sentences = Vec::new();
            let list = section.remove("sentences").unwrap_or_default();
            for sentence in read::list(list, "`sentences`")? {
                let keys = ["id", "says", "held_by", "open"];
                let mut sentence = read::entries(sentence, "a sentence", &keys)?;
                sentences.push(Sentence {
                    id: read::string(sentence.remove("id").unwrap_or_default(), "`id`")?,
                    says: read::string(sentence.remove("says").unwrap_or_default(), "`says`")?,
                    held_by: read::strings(sentence.remove("held_by"), "`held_by`")?,
                    open: read::optional(sentence.remove("open"))?,
                });
            }
            sections.push((name, sentences));
        }
        Ok(Self { sections })
    }

    /// Sentences that nothing holds yet, with why.
    pub fn open(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sentences()
            .filter_map(|sentence| Some((sentence.id.as_str(), sentence.open.as_deref()?)))
    }

    /// Every sentence.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.sections.iter().flat_map(|(_, sentences)| sentences)
    }

    /// What does not fit together: a sentence that nothing holds, a case that stands for none or
    /// for one that is not there, a test that is not where it is said to be below `root`, a
    /// sentence that is held and said to be open.
    pub fn problems(&self, files: &[CaseFile], root: &Path) -> Vec<String> {
        let mut problems = Vec::new();
        let mut known = BTreeSet::new();
        for sentence in self.sentences() {
            if !known.insert(sentence.id.as_str()) {
                problems.push(format!("two sentences are called `{}`", sentence.id));
            }
            for place in &sentence.held_by {
                problems.extend(missing_test(root, place));
            }
        }
        let cases = cases_by_sentence(files);
        for sentence in self.sentences() {
            let is_held = !sentence.held_by.is_empty() || cases.contains_key(sentence.id.as_str());
            match (is_held, &sentence.open) {
                (false, None) => {
                    problems.push(format!("nothing holds `{}`: {}", sentence.id, sentence.says));
                }
                (true, Some(_)) => {
                    problems.push(format!("`{}` is held and said to be open", sentence.id));
                }
                _ => {}
            }
        }
        for (id, cases) in &cases {
            if !known.contains(id) {
                problems.push(format!("{} is of `{id}`, which is no sentence", cases.join(", ")));
            }
        }
        for file in files {
            for case in file.cases.iter().filter(|case| case.of.is_empty()) {
                problems.push(format!("{}#{} is of no sentence", file.name, case.name));
            }
        }
        problems
    }

    /// The index for people: every sentence with its cases.
    pub fn to_markdown(&self, files: &[CaseFile]) -> String {
        let cases = cases_by_sentence(files);
        let mut out = String::from(
            "# From sentences to cases\n\n\
             Made from `index.yaml` and the cases' `of:`; see `README.md`. A case is called \
             `file#name`.\n",
        );
        for (section, sentences) in &self.sections {
            // Writing to a string cannot fail.
            let _ = write!(out, "\n## {section}\n\n| sentence | says | held by |\n|---|---|---|\n");
            for sentence in sentences {
                let mut held: Vec<String> = Vec::new();
                for case in cases.get(sentence.id.as_str()).into_iter().flatten() {
                    held.push(case.replace('|', "\\|"));
                }
                held.extend(sentence.held_by.iter().map(|place| format!("`{place}`")));
                held.extend(sentence.open.iter().map(|why| format!("**open**: {why}")));
                let says = sentence.says.replace('|', "\\|");
                let _ = writeln!(out, "| `{}` | {says} | {} |", sentence.id, held.join("; "));
            }
        }
        out
    }
}

fn cases_by_sentence(files: &[CaseFile]) -> BTreeMap<&str, Vec<String>> {
    let mut cases: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in files {
        for case in &file.cases {
            for id in &case.of {
                cases.entry(id).or_default().push(format!("{}#{}", file.name, case.name));
            }
        }
    }
    cases
}

fn missing_test(root: &Path, place: &str) -> Option<String> {
    let (path, test) = place.split_once('#').unwrap_or((place, ""));
    if test.is_empty() {
        return (!root.join(path).exists()).then(|| format!("`{place}` is not there"));
    }
    match std::fs::read_to_string(root.join(path)) {
        Err(error) => Some(format!("`{place}`: {error}")),
        Ok(text) if text.contains(&format!("fn {test}(")) => None,
        Ok(_) => Some(format!("`{place}`: there is no such test")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::parse;

    #[test]
    fn gaps_are_found() {
        let index = Index::parse(
            "- section: S\n  sentences:\n    - {id: a, says: one}\n    - {id: b, says: two}\n    \
             - {id: c, says: three, held_by: ['src/corpus/index.rs#gaps_are_found']}\n    \
             - {id: d, says: four, held_by: ['src/corpus/index.rs#no_such_test']}\n    \
             - {id: o, says: five, open: later}\n    - {id: p, says: six, held_by: [src], open: later}\n",
        )
        .unwrap();
        let documents = "documents: {schema: s, policy: p}, hash: h";
        let cases = format!(
            "cases: [{{name: x, of: a, {documents}}}, {{name: y, of: e, {documents}}}, {{name: z, {documents}}}]"
        );
        let files = [CaseFile { name: "f".into(), cases: parse(&cases).unwrap() }];
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            index.problems(&files, root),
            [
                "`src/corpus/index.rs#no_such_test`: there is no such test",
                "nothing holds `b`: two",
                "`p` is held and said to be open",
                "f#y is of `e`, which is no sentence",
                "f#z is of no sentence",
            ]
        );
        assert_eq!(index.open().collect::<Vec<_>>(), [("o", "later"), ("p", "later")]);
        let markdown = index.to_markdown(&files);
        assert!(markdown.contains("| `a` | one | f#x |\n"), "{markdown}");
        assert!(markdown.contains("| `o` | five | **open**: later |\n"), "{markdown}");
    }
}
