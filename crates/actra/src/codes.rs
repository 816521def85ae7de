//! What codes mean at length: those of diagnostics and those of input errors, in one table.

use crate::compile::compile;
use crate::diagnostic::{Code, CommonDocuments, Explanation, Severity, Style, Verdict, suggest};
use crate::testing::check_document;
use crate::{InputCode, Policy, UnknownFields, render_all};
use actra_compiler::check::PolicyDocuments;
use actra_compiler::diagnostic::{COMMON_DOCUMENTS, Diagnostic, Sources};
use actra_compiler::lint::OF_ANALYSIS;
use std::fmt;

/// A code that somebody may want to know more about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnyCode {
    /// Of an error or a warning in documents.
    Document(Code),
    /// Of an input that cannot be decided.
    Input(InputCode),
}

/// What the examples of input errors leave out.
const INPUT_DOCUMENTS: CommonDocuments = CommonDocuments {
    schema: include_str!("input/explanations/schema.yaml"),
    policy: include_str!("input/explanations/policy.yaml"),
};

macro_rules! input_codes {
    ($($variant:ident = $name:literal, $meaning:literal;)+) => {
        const fn input_meaning(code: InputCode) -> &'static str {
            match code { $(InputCode::$variant => $meaning,)+ }
        }

        const fn input_explanation(code: InputCode) -> Explanation {
            match code {
                $(InputCode::$variant => Explanation::new(include_str!(concat!(
                    "input/explanations/", $name, ".md"
                ))),)+
            }
        }
    };
}

// A code that is not in the table, or whose file is not there, does not compile.
input_codes! {
    WrongType = "wrong_type", "A value is not of the type that the schema declares.";
    NotFinite = "not_finite", "A number is NaN or an infinity.";
    OutOfRange = "out_of_range", "An integer is outside 64 bits.";
    MissingRequired = "missing_required", "A required field, or `action.type`, is missing.";
    NotInEnum = "not_in_enum", "A value is none of those that the field's `enum` admits.";
    BelowMin = "below_min", "A number is below its field's `min`.";
    AboveMax = "above_max", "A number is above its field's `max`.";
    TooLong = "too_long", "A string or list is longer than its field's `max_length`.";
    NotUnique = "not_unique", "A list that must not repeat items holds one twice.";
    NotUtf8 = "not_utf8", "The text is not UTF-8.";
    UnknownAction = "unknown_action", "The action is not in the schema.";
    UnknownField = "unknown_field", "A field is not in the schema, and such fields are refused.";
    DuplicateKey = "duplicate_key", "One object holds the same key twice.";
    TooDeep = "too_deep", "The text is nested more than 64 deep.";
    TooLarge = "too_large", "A string, a list or the text as a whole is over its limit.";
    Malformed = "malformed", "The text is not JSON or YAML, or a domain is not an object.";
}

impl AnyCode {
    /// Every code: those of documents in their table's order, then those of inputs.
    pub fn all() -> impl Iterator<Item = Self> {
        let documents = Code::ALL.iter().copied().map(Self::Document);
        documents.chain(InputCode::ALL.iter().copied().map(Self::Input))
    }

    /// The code of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|code| code.as_str() == name)
    }

    /// The code whose name is nearest to one that is not there, if one is near.
    pub fn near(name: &str) -> Option<Self> {
        suggest(name, Self::all().map(Self::as_str)).and_then(Self::parse)
    }

    /// The code as printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document(code) => code.as_str(),
            Self::Input(code) => code.as_str(),
        }
    }

    /// What it means, in one sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Document(code) => code.meaning(),
            Self::Input(code) => input_meaning(code),
        }
    }

    /// What it means at length.
    pub const fn explanation(self) -> Explanation {
        match self {
            Self::Document(code) => code.explanation(),
            Self::Input(code) => input_explanation(code),
        }
    }

    /// The group that it is listed in.
    pub fn group(self) -> &'static str {
        match self {
            Self::Document(code) => code.group(),
            Self::Input(_) => "Input errors",
        }
    }

    /// `error`, `warning` or `input error`.
    pub const fn severity(self) -> &'static str {
        match self {
            Self::Document(code) => match code.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            Self::Input(_) => "input error",
        }
    }

    /// The documents that its examples leave out.
    pub const fn common_documents(self) -> CommonDocuments {
        match self {
            Self::Document(_) => COMMON_DOCUMENTS,
            Self::Input(_) => INPUT_DOCUMENTS,
        }
    }

    /// Runs the examples of one verdict and gives what the compiler or the evaluator says of them,
    /// as text; `None` where the code's situation is none that an example shows. Of documents, only
    /// what has this code is told, and all errors.
    pub fn demonstrate(self, verdict: Verdict, style: Style) -> Option<String> {
        self.explanation().examples(verdict).next()?;
        Some(match self {
            Self::Document(code) => demonstrate_documents(code, verdict, style),
            Self::Input(code) => demonstrate_input(code, verdict),
        })
    }
}

impl fmt::Display for AnyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn demonstrate_documents(code: Code, verdict: Verdict, style: Style) -> String {
    let examples = || code.explanation().examples(verdict);
    let text = |name| examples().find(|example| example.document == name).map(|found| found.text);
    let mut sources = Sources::default();
    let schema = text("schema.yaml").unwrap_or(COMMON_DOCUMENTS.schema);
    let policy = text("policy.yaml").unwrap_or(COMMON_DOCUMENTS.policy);
    let more = examples().filter(|example| example.document.starts_with("policies/"));
    let documents = PolicyDocuments {
        schema: sources.add("schema.yaml", schema),
        policy: sources.add("policy.yaml", policy),
        more_policies: more.map(|found| sources.add(found.document, found.text)).collect(),
        governance: text("governance.yaml").map(|text| sources.add("governance.yaml", text)),
    };
    let tests = examples().find(|example| example.document.ends_with("_test.yaml"));
    let (diagnostics, sources) = match (compile(sources, &documents), tests) {
        (Ok(compiled), Some(tests)) => {
            let policy = Policy::of(compiled);
            let found = check_document(tests.document, tests.text, Some(&policy));
            (found.diagnostics().to_vec(), found.sources().clone())
        }
        (Ok(compiled), None) if OF_ANALYSIS.contains(&code) => {
            let policy = Policy::of(compiled);
            match policy.analyze() {
                Ok(analysis) => (analysis.diagnostics.clone(), analysis.sources().clone()),
                Err(error) => return error.to_string(),
            }
        }
        (Ok(compiled), None) => (compiled.warnings, compiled.sources),
        (Err(error), _) => (error.diagnostics().to_vec(), error.sources().clone()),
    };
    let told: Vec<Diagnostic> = diagnostics
        .into_iter()
        .filter(|found| found.code == code || found.severity == Severity::Error)
        .collect();
    render_all(&told, &sources, style)
}

fn demonstrate_input(code: InputCode, verdict: Verdict) -> String {
    let Some(example) = code_example(code, verdict) else { return String::new() };
    let policy = match Policy::from_strings(INPUT_DOCUMENTS.schema, INPUT_DOCUMENTS.policy, None) {
        Ok(policy) => policy,
        Err(error) => return error.to_string(),
    };
    let unknown = match code {
        InputCode::UnknownField => UnknownFields::Refuse,
        _ => UnknownFields::Ignore,
    };
    let mut evaluator = policy.evaluator(unknown);
    let text = example.text.as_bytes();
    let answer = match example.language {
        "json" => evaluator.evaluate_json(text),
        _ => evaluator.evaluate_yaml(text),
    };
    answer.map_or_else(
        |error| format!("input error[{}]: {}\n", error.code, error.message),
        |_| String::new(),
    )
}

fn code_example(code: InputCode, verdict: Verdict) -> Option<crate::diagnostic::Example> {
    input_explanation(code).examples(verdict).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Part;

    #[test]
    fn codes_are_told_apart_by_name_and_found_by_it() {
        for code in AnyCode::all() {
            assert_eq!(AnyCode::parse(code.as_str()), Some(code));
            assert!(code.meaning().ends_with('.'), "{code}");
        }
        assert_eq!(AnyCode::parse("no_such_code"), None);
        assert_eq!(AnyCode::near("undeclared_feild"), AnyCode::parse("undeclared_field"));
        assert_eq!(AnyCode::near("WrongType"), AnyCode::parse("wrong_type"));
        assert_eq!(AnyCode::near("no_such_code"), None);
    }

    #[test]
    fn every_input_code_is_explained_with_documents_that_say_what_they_are() {
        for code in InputCode::ALL.iter().copied() {
            for part in input_explanation(code).parts() {
                match part {
                    Part::Text(text) => {
                        assert!((2..=6).contains(&(text.matches(". ").count() + 1)), "{code}");
                    }
                    Part::Example(example) => {
                        let wanted = format!("input.{}", example.language);
                        assert_eq!(example.document, wanted, "{code}");
                    }
                }
            }
        }
    }
}
