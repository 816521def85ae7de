//! Reads a test document. All of its mistakes are reported at once, those included that only its
//! policy can tell: rules, fields and paths that are not there.

use super::document::{Axis, Case, Place, Setting, Test};
use super::expand::MAX_RUNS;
use super::expect::Expectation;
use super::fixture::{Fixtures, input, read_value};
use super::path::Path;
use super::read_expect::{expectation, rules_by_id};
use super::shape::{Keys, Reader, excerpt, is_null, shorten};
use super::value::Value;
use crate::Policy;
use crate::error::InputCode;
use actra_bytecode::program::Rule;
use actra_compiler::diagnostic::{Code, Diagnostic, Sources, Span};
use actra_compiler::yaml::{Document, Node, Value as YamlValue};
use std::collections::HashMap;

/// Tests of one document.
pub const MAX_TESTS: usize = 10_000;

/// Where the policy is, if the document says nothing.
const DEFAULT_POLICY: &str = ".";

/// Characters of a value in the name of a run.
const MAX_LABEL_CHARS: usize = 40;

/// The path of the policy that a document names, and where it says so.
pub(super) fn policy_path<'d>(reader: &mut Reader<'d, '_>) -> Option<(&'d str, Option<Span>)> {
    let YamlValue::Mapping(entries) = &reader.document.root.value else {
        return Some((DEFAULT_POLICY, None));
    };
    let document = reader.document;
    let Some(entry) = entries.iter().find(|entry| document.text(&entry.key) == Some("policy"))
    else {
        return Some((DEFAULT_POLICY, None));
    };
    let text = reader.text(&entry.value, "the path of the policy")?;
    Some((text, Some(document.span(&entry.value))))
}

/// The name that a document gives itself, whatever else may be wrong with it.
pub(super) fn name_of(document: &Document) -> Option<&str> {
    let YamlValue::Mapping(entries) = &document.root.value else { return None };
    let entry = entries.iter().find(|entry| document.text(&entry.key) == Some("name"))?;
    document.text(&entry.value)
}

/// Reads a document. Without a policy, nothing is said about what only that can tell.
pub(super) fn read<'d>(
    reader: Reader<'d, '_>,
    sources: &'d Sources,
    policy: Option<&Policy>,
) -> Option<Vec<Test>> {
    let document = reader.document;
    let rules = policy.map(rules_by_id).unwrap_or_default();
    let mut reading =
        Reading { reader, sources, policy, fixtures: None, names: HashMap::new(), runs: 0, rules };
    let root = &document.root;
    let known = ["name", "policy", "fixtures", "tests"];
    let keys = reading.reader.keys(root, "a test document", &known, &[])?;
    let help = "say what is tested: `name: refund limits`";
    let name = reading.reader.require(&keys, "name", "the document", help);
    name.map(|node| reading.reader.text(node, "the name of a document"));
    reading.fixtures = Some(Fixtures::read(&mut reading.reader, keys.get("fixtures"), policy));
    let help = "write `tests:` with one test or more";
    let tests = reading.reader.require(&keys, "tests", "the document", help)?;
    let nodes = reading.reader.some_items(tests, "`tests`")?;
    if nodes.len() > MAX_TESTS {
        let message =
            format!("the document has {} tests, and the limit is {MAX_TESTS}", nodes.len());
        reading.reader.error(Code::TooManyTests, tests, message);
        return None;
    }
    let tests: Vec<Test> = nodes.iter().filter_map(|node| reading.test(node)).collect();
    let sound = tests.len() == nodes.len() && !reading.reader.report.has_errors();
    sound.then_some(tests)
}

struct Reading<'d, 'r, 'p> {
    reader: Reader<'d, 'r>,
    sources: &'d Sources,
    policy: Option<&'p Policy>,
    rules: HashMap<&'p str, &'p Rule>,
    fixtures: Option<Fixtures<'d, 'p>>,
    /// Where each name of a test stands first.
    names: HashMap<&'d str, Span>,
    /// Runs of all tests so far.
    runs: usize,
}

impl<'d> Reading<'d, '_, '_> {
    fn test(&mut self, node: &'d Node) -> Option<Test> {
        if is_null(node) {
            return None;
        }
        let known = ["name", "input", "expect", "matrix", "cases", "skip"];
        let keys = self.reader.keys(node, "a test", &known, &[])?;
        let expects_unknown = names_unknown_field(self.reader.document, node);
        if let Some(fixtures) = &mut self.fixtures {
            fixtures.expects_unknown = expects_unknown;
        }
        let help = "say what must hold: `name: small refunds pass`";
        let name = self.reader.require(&keys, "name", "the test", help);
        let name = name.and_then(|node| self.name(node));
        let help = "write the context to decide: `input: {action: {type: ...}}`";
        let input = self.reader.require(&keys, "input", "the test", help);
        let input = input.and_then(|node| self.input(node));
        let skip = keys.get("skip").map(|node| self.reader.text(node, "the reason to skip a test"));
        let matrix = keys.get("matrix").map_or(Some(Vec::new()), |node| self.matrix(node));
        let cases = self.cases(&keys, node, matrix.as_deref().unwrap_or_default());
        let (matrix, cases) = (matrix?, cases?);
        let many = keys.get("matrix").or(keys.get("cases")).unwrap_or(node);
        self.count_runs(many, &matrix, &cases)?;
        Some(Test {
            name: name?.to_owned(),
            skip: match skip {
                None => None,
                Some(reason) => Some(reason?.to_owned()),
            },
            input: input?,
            matrix,
            cases,
        })
    }

    fn name(&mut self, node: &'d Node) -> Option<&'d str> {
        let name = self.reader.text(node, "the name of a test")?;
        let span = self.reader.document.span(node);
        if let Some(first) = self.names.insert(name, span) {
            let message = format!("two tests are called `{}`", excerpt(name));
            self.reader.push(
                Diagnostic::error(Code::RepeatedTest, span, message)
                    .with_related(first, "the first one is here"),
            );
        }
        Some(name)
    }

    fn input(&mut self, node: &'d Node) -> Option<Value> {
        let Self { reader, fixtures, .. } = self;
        input(reader, fixtures.as_mut()?, node)
    }

    fn place(&self, node: &Node) -> Place {
        let place = self.sources.place(self.reader.document.span(node));
        Place { line: place.line, column: place.column }
    }

    fn matrix(&mut self, node: &'d Node) -> Option<Vec<Axis>> {
        let entries = self.reader.entries(node, "`matrix`")?;
        if entries.is_empty() {
            self.reader.error(Code::EmptyList, node, "`matrix` is empty");
            return None;
        }
        let mut axes: Vec<(Axis, Span)> = Vec::new();
        for entry in entries {
            let path = self.path(&entry.key);
            if is_null(&entry.value) {
                self.reader.null_value(entry);
            }
            let values = self.values(&entry.value, path.as_ref());
            let (Some(path), Some(values)) = (path, values) else { continue };
            let span = self.reader.document.span(&entry.key);
            if self.is_new(&path, span, axes.iter().map(|(axis, span)| (&axis.path, *span))) {
                axes.push((Axis { path, values }, span));
            }
        }
        let sound = axes.len() == entries.len();
        // What stands inside another path's value is put in after it.
        let mut axes: Vec<Axis> = axes.into_iter().map(|(axis, _)| axis).collect();
        axes.sort_by_key(|axis| axis.path.keys.len());
        sound.then_some(axes)
    }

    /// The values of one row of a matrix.
    fn values(&mut self, node: &'d Node, path: Option<&Path>) -> Option<Vec<Setting>> {
        let items = self.reader.items(node, "a row of a matrix")?;
        if items.is_empty() {
            self.reader.error(Code::EmptyList, node, "a row of a matrix is empty");
            return None;
        }
        let path = path?;
        let mut values = Vec::with_capacity(items.len());
        let mut seen: HashMap<String, Span> = HashMap::new();
        for item in items {
            let Some(setting) = self.setting(item, path) else { continue };
            let span = self.reader.document.span(item);
            if let Some(first) = seen.insert(setting.value.to_text(), span) {
                let message = "a value stands twice in one row of the matrix";
                self.reader.push(
                    Diagnostic::error(Code::RepeatedTest, span, message)
                        .with_related(first, "the first one is here"),
                );
            }
            values.push(setting);
        }
        (values.len() == items.len()).then_some(values)
    }

    /// The value that goes to a path. For a domain, it may be a fixture.
    fn setting(&mut self, node: &'d Node, path: &Path) -> Option<Setting> {
        let Self { reader, fixtures, .. } = self;
        let value = if let Some(domain) = path.domain().filter(|_| path.is_domain()) {
            if is_null(node) {
                let help = "write `{}` for an empty domain";
                let message = format!("`{}` is a mapping or the name of a fixture", path.text);
                reader.error_with_help(Code::NullValue, node, message, help);
            }
            fixtures.as_mut()?.domain(reader, node, domain)?
        } else {
            read_value(reader, node)?
        };
        let label = match reader.document.text(node) {
            Some(text) => shorten(text, MAX_LABEL_CHARS),
            None => shorten(&value.to_text(), MAX_LABEL_CHARS),
        };
        Some(Setting { value, label })
    }

    /// A path that is a key.
    fn path(&mut self, node: &'d Node) -> Option<Path> {
        let text = self.reader.text(node, "a path into the input")?;
        let near = self.reader.near_paths();
        let checked = Path::parse(text);
        let checked = checked.map_err(|fault| (Code::BadInputPath, fault)).and_then(|path| {
            let known = self.policy.map_or(Ok(()), |policy| path.check(policy, near));
            known.map(|()| path).map_err(|fault| (Code::UndeclaredField, fault))
        });
        match checked {
            Ok(path) => Some(path),
            Err((code, fault)) => {
                let (from, to) = fault.place;
                let span = self.reader.document.part(node, from, to);
                let diagnostic = Diagnostic::error(code, span, fault.message);
                self.reader.push(Diagnostic { help: fault.help, ..diagnostic });
                None
            }
        }
    }

    /// Whether a path has not been written before, in whatever spelling.
    fn is_new<'k>(
        &mut self,
        path: &Path,
        span: Span,
        mut known: impl Iterator<Item = (&'k Path, Span)>,
    ) -> bool {
        let Some((_, first)) = known.find(|(known, _)| known.keys == path.keys) else {
            return true;
        };
        let message = format!("the path `{}` stands twice", excerpt(&path.text));
        self.reader.push(
            Diagnostic::error(Code::RepeatedKey, span, message).with_related(first, "first here"),
        );
        false
    }

    /// The cases of a test, of which it is the only one itself if it has none.
    fn cases(&mut self, keys: &Keys<'d>, test: &'d Node, matrix: &[Axis]) -> Option<Vec<Case>> {
        let common = keys.get("expect").map(|node| self.expect(node));
        let Some(node) = keys.get("cases") else {
            if keys.has("cases") {
                return None;
            }
            let help = "write `expect: allow`, or an `expect` in every case of `cases`";
            self.reader.require(keys, "expect", "the test", help)?;
            let place = self.place(test);
            return Some(vec![Case { name: None, place, set: Vec::new(), expect: common?? }]);
        };
        let nodes = self.reader.some_items(node, "`cases`")?;
        let mut cases: Vec<Case> = Vec::with_capacity(nodes.len());
        let mut needs_common = false;
        let mut seen: HashMap<String, Span> = HashMap::new();
        for node in nodes.iter().filter(|node| !is_null(node)) {
            let known = ["set", "expect", "name"];
            let Some(case) = self.reader.keys(node, "a case", &known, &[]) else { continue };
            needs_common |= !case.has("expect");
            if let Some(case) = self.case(&case, node, common.as_ref(), matrix, &mut seen) {
                cases.push(case);
            }
        }
        if let Some(entry) = keys.entry("expect").filter(|_| !needs_common) {
            let message = "every case has an `expect` of its own, so this one never counts";
            self.reader.error(Code::ConflictingKeys, &entry.key, message);
        }
        (cases.len() == nodes.len()).then_some(cases)
    }

    fn case(
        &mut self,
        keys: &Keys<'d>,
        node: &'d Node,
        common: Option<&Option<Expectation>>,
        matrix: &[Axis],
        seen: &mut HashMap<String, Span>,
    ) -> Option<Case> {
        let expect = match (keys.get("expect"), common) {
            (Some(node), _) => self.expect(node),
            (None, Some(common)) => common.clone(),
            (None, None) => {
                let help = "write one here, or one for all cases in the test";
                self.reader.require(keys, "expect", "the case", help);
                None
            }
        };
        let name = match keys.get("name") {
            Some(node) => Some(self.reader.text(node, "the name of a case")?.to_owned()),
            None => None,
        };
        let set = keys.get("set").map_or(Some(Vec::new()), |node| self.set(node, matrix))?;
        // Two cases without names are told apart by what they set.
        let identity = name.clone().unwrap_or_else(|| {
            let set = set.iter().map(|(path, to)| format!("{:?}{}", path.keys, to.value.to_text()));
            set.collect()
        });
        let span = self.reader.document.span(keys.get("name").unwrap_or(node));
        // What was meant by a misspelled key is not known.
        let is_known = keys.has("name") == keys.get("name").is_some()
            && keys.has("set") == keys.get("set").is_some();
        let first = if is_known { seen.insert(identity, span) } else { None };
        if let Some(first) = first {
            let message = match &name {
                Some(name) => format!("two cases are called `{}`", excerpt(name)),
                None => "two cases set the same".to_owned(),
            };
            self.reader.push(
                Diagnostic::error(Code::RepeatedTest, span, message)
                    .with_related(first, "the first one is here"),
            );
        }
        Some(Case { name, place: self.place(node), set, expect: expect? })
    }

    /// What a case puts into the input, after what the matrix does.
    fn set(&mut self, node: &'d Node, matrix: &[Axis]) -> Option<Vec<(Path, Setting)>> {
        let entries = self.reader.entries(node, "`set`")?;
        let mut set: Vec<(Path, Setting)> = Vec::new();
        let mut spans: Vec<Span> = Vec::new();
        for entry in entries {
            let Some(path) = self.path(&entry.key) else { continue };
            let Some(setting) = self.setting(&entry.value, &path) else { continue };
            let span = self.reader.document.span(&entry.key);
            let known = set.iter().map(|(path, _)| path).zip(spans.iter().copied());
            if !self.is_new(&path, span, known) {
                continue;
            }
            if let Some(axis) = matrix.iter().find(|axis| path.holds(&axis.path)) {
                let message = format!(
                    "`{}` would undo what the matrix sets at `{}`",
                    excerpt(&path.text),
                    excerpt(&axis.path.text)
                );
                let help = "leave it to one of them, or make it a test of its own";
                self.reader.error_with_help(Code::ConflictingKeys, &entry.key, message, help);
                continue;
            }
            set.push((path, setting));
            spans.push(span);
        }
        let sound = set.len() == entries.len();
        set.sort_by_key(|(path, _)| path.keys.len());
        sound.then_some(set)
    }

    fn expect(&mut self, node: &'d Node) -> Option<Expectation> {
        expectation(&mut self.reader, node, self.policy, &self.rules)
    }

    fn count_runs(&mut self, node: &Node, matrix: &[Axis], cases: &[Case]) -> Option<()> {
        let lengths = matrix.iter().map(|axis| axis.values.len());
        let runs = lengths.chain([cases.len()]).try_fold(1_usize, usize::checked_mul);
        let total = runs.and_then(|runs| runs.checked_add(self.runs));
        match total {
            Some(total) if total <= MAX_RUNS => {
                self.runs = total;
                Some(())
            }
            _ => {
                let message = format!("with this test the document has more than {MAX_RUNS} runs");
                let help = "take values out of the matrix, or divide it among several files";
                self.reader.error_with_help(Code::TooManyTests, node, message, help);
                None
            }
        }
    }
}

/// Whether a test or one of its cases expects an unknown field to be refused.
fn names_unknown_field(document: &Document, node: &Node) -> bool {
    let YamlValue::Mapping(entries) = &node.value else { return false };
    entries.iter().any(|entry| match (document.text(&entry.key), &entry.value.value) {
        (Some("expect"), YamlValue::Mapping(fields)) => fields.iter().any(|field| {
            document.text(&field.key) == Some("error")
                && document.text(&field.value) == Some(InputCode::UnknownField.as_str())
        }),
        (Some("cases"), YamlValue::Sequence(cases)) => {
            cases.iter().any(|case| names_unknown_field(document, case))
        }
        _ => false,
    })
}
