//! The conformance cases: documents, inputs and what is to come of them, as data.
//!
//! `conformance/README.md` documents the format. The runner knows no evaluator: it is handed one
//! closure that compiles a case's documents and one that evaluates an input.

mod export;
mod index;
mod read;
mod run;
mod text;

pub use export::{hex, to_json};
pub use index::{Index, Sentence};
pub use read::parse;
pub use run::{Compiled, Outcome, Report, Said, run};
pub use text::{Piece, Text};

use crate::Value;
use crate::json;
use crate::reference::{Code, Decision, InputError, MAX_TEXT_BYTES, Options};
use std::path::Path;

/// The cases of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFile {
    /// The file's name without its ending.
    pub name: String,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

/// Documents with what is to come of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the case shows; unique in its file.
    pub name: String,
    /// The sentences of the language page that it stands for, as `index.yaml` calls them.
    pub of: Vec<String>,
    /// The documents.
    pub documents: Documents,
    /// What compiling them says; `None`: they compile.
    pub compile: Option<Verdict>,
    /// The policy hash, where the case holds it.
    pub hash: Option<String>,
    /// Documents whose policy hash is the same.
    pub same_hash: Vec<Documents>,
    /// Documents each of whose policy hash is another.
    pub other_hash: Vec<Documents>,
    /// Inputs with what is to come of them.
    pub checks: Vec<Check>,
}

impl Case {
    /// How many things the case checks.
    pub fn len(&self) -> usize {
        usize::from(self.compile.is_some())
            + usize::from(self.hash.is_some())
            + self.same_hash.len()
            + self.other_hash.len()
            + self.checks.len()
    }

    /// Whether it checks nothing; such cases do not read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The texts of a policy's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// `schema.yaml`.
    pub schema: Text,
    /// `policy.yaml`.
    pub policy: Text,
    /// The files of `policies/`, by name.
    pub policies: Vec<(String, Text)>,
    /// `governance.yaml`, if there.
    pub governance: Option<Text>,
}

impl Documents {
    /// Every text with its file's name.
    pub fn files(&self) -> Vec<(String, &Text)> {
        let mut files = vec![
            ("schema.yaml".to_owned(), &self.schema),
            ("policy.yaml".to_owned(), &self.policy),
        ];
        files.extend(self.policies.iter().map(|(name, text)| (format!("policies/{name}"), text)));
        files.extend(self.governance.iter().map(|text| ("governance.yaml".to_owned(), text)));
        files
    }
}

/// What compiling is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Every error; none: the documents compile.
    pub errors: Vec<Diagnosis>,
    /// Warnings that have to be among those given.
    pub warnings: Vec<Diagnosis>,
}

/// An error or warning as a case writes it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Its code.
    pub code: String,
    /// The document that it is in, where the case says.
    pub document: Option<String>,
    /// Its line, where the case says.
    pub line: Option<u32>,
    /// What its text contains: ids of rules, say.
    pub names: Vec<String>,
}

/// An input with what is to come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The input.
    pub input: Input,
    /// What the caller asks for.
    pub options: Options,
    /// What is to come of it.
    pub expect: Expectation,
}

/// An input in one of its forms.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A tree.
    Tree(Value),
    /// JSON text, for what no tree can hold: the text has to be read by what is tested.
    Json(Text),
    /// YAML text.
    Yaml(Text),
    /// Bytes that are to be read as JSON.
    Bytes(Vec<u8>),
}

impl Input {
    /// The tree, read from the text where it comes as one; `None` for YAML text that is no YAML
    /// tree of plain keys, which only a reader of YAML can judge.
    ///
    /// # Errors
    /// The input error of a JSON text that is not well formed.
    pub fn to_tree(&self) -> Result<Option<Value>, InputError> {
        match self {
            Self::Tree(value) => Ok(Some(value.clone())),
            Self::Json(text) => json::parse(&text.expand()).map(Some),
            Self::Bytes(bytes) => json::parse_bytes(bytes).map(Some),
            Self::Yaml(text) => {
                let text = text.expand();
                if text.len() > MAX_TEXT_BYTES {
                    return Err(InputError::new(Code::TooLarge, None));
                }
                let tree = serde_yaml::from_str(&text).ok();
                Ok(tree.and_then(|tree| read::value(tree).ok()))
            }
        }
    }
}

/// What is to come of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// A decision, alike in every field.
    Decision(Decision),
    /// An input error.
    Error {
        /// Its code.
        code: Code,
        /// Its field; `None` where the case does not say.
        field: Option<String>,
    },
}

/// Reads every `*.yaml` of a directory, in order of file name.
///
/// # Errors
/// What is wrong with the directory or a file, as text.
pub fn load(directory: &Path) -> Result<Vec<CaseFile>, String> {
    let entries = std::fs::read_dir(directory).map_err(|error| error.to_string())?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let cases = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        files.push(CaseFile { name: name.unwrap_or_default(), cases });
    }
    Ok(files)
}
