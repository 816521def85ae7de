//! Fixtures, and the domains that they stand for.

use super::path::{DOMAINS, members};
use super::shape::{Reader, excerpt, is_null};
use super::value::Value;
use crate::Policy;
use actra_bytecode::program::Domain;
use actra_compiler::diagnostic::{Code, Diagnostic};
use actra_compiler::yaml::{Entry, Node, Value as YamlValue};
use std::collections::BTreeMap;

/// The key that names a fixture, beside changes to it.
const USE: &str = "use";

/// Uses inside each other.
const MAX_FIXTURE_DEPTH: usize = 32;

/// Bytes that the uses of a document's fixtures may come to: each use is a copy.
const MAX_FIXTURE_BYTES: usize = 64 << 20;

/// The fixtures of a document, by name.
pub(super) struct Fixtures<'d, 'p> {
    /// Whether fields that the schema does not name are what is being tested.
    pub(super) expects_unknown: bool,
    policy: Option<&'p Policy>,
    by_name: BTreeMap<&'d str, Fixture<'d>>,
    /// Bytes that their uses come to so far.
    copied: usize,
    /// Whether a use was one too many, which has been reported.
    is_full: bool,
}

struct Fixture<'d> {
    node: &'d Node,
    state: State,
}

enum State {
    Unread,
    UnderWay,
    /// `None`: it could not be read, and that has been reported.
    Read(Option<Value>),
}

impl<'d, 'p> Fixtures<'d, 'p> {
    /// Reads all of a document's fixtures.
    pub(super) fn read(
        reader: &mut Reader<'d, '_>,
        node: Option<&'d Node>,
        policy: Option<&'p Policy>,
    ) -> Self {
        let mut fixtures = Self {
            expects_unknown: false,
            policy,
            by_name: BTreeMap::new(),
            copied: 0,
            is_full: false,
        };
        let entries = node.and_then(|node| reader.entries(node, "`fixtures`"));
        for entry in entries.unwrap_or_default() {
            let Some(name) = name(reader, entry) else { continue };
            if is_null(&entry.value) {
                reader.null_value(entry);
            }
            let fixture = Fixture { node: &entry.value, state: State::Unread };
            fixtures.by_name.insert(name, fixture);
        }
        let names: Vec<&'d str> = fixtures.by_name.keys().copied().collect();
        for name in names {
            fixtures.resolve(reader, name, None, 0);
        }
        fixtures
    }

    /// What stands in the place of a domain: the name of a fixture, or a mapping, perhaps one that
    /// changes a fixture.
    pub(super) fn domain(
        &mut self,
        reader: &mut Reader<'d, '_>,
        node: &'d Node,
        domain: Domain,
    ) -> Option<Value> {
        self.mapping(reader, node, Some(domain), 0)
    }

    fn mapping(
        &mut self,
        reader: &mut Reader<'d, '_>,
        node: &'d Node,
        domain: Option<Domain>,
        depth: usize,
    ) -> Option<Value> {
        let entries = match &node.value {
            YamlValue::Mapping(entries) => entries,
            YamlValue::Scalar(_) if is_null(node) => return None,
            YamlValue::Scalar(_) => {
                let name = reader.text(node, "the name of a fixture")?;
                return self.resolve(reader, name, Some(node), depth);
            }
            YamlValue::Sequence(_) => {
                let what = domain.map_or("a fixture", Domain::as_str);
                let message = format!("`{what}` is a mapping or the name of a fixture, not a list");
                reader.error(Code::WrongShape, node, message);
                return None;
            }
        };
        let mut base = Value::Map(Vec::new());
        let mut sound = true;
        let used = entries.iter().find(|entry| reader.document.text(&entry.key) == Some(USE));
        if let Some(entry) = used {
            if is_null(&entry.value) {
                reader.null_value(entry);
            }
            let name = reader.text(&entry.value, "the name of a fixture");
            match name.and_then(|name| self.resolve(reader, name, Some(&entry.value), depth)) {
                Some(value) => base = value,
                None => sound = false,
            }
        }
        for entry in entries {
            let Some(key) = name(reader, entry) else {
                sound = false;
                continue;
            };
            if key == USE {
                continue;
            }
            self.warn_of_ignored(reader, entry, key, domain);
            match read_value(reader, &entry.value) {
                Some(value) => base.set(&[key.to_owned()], value),
                None => sound = false,
            }
        }
        sound.then_some(base)
    }

    /// Nobody misspells a field on purpose, and the test would pass for the wrong reason.
    fn warn_of_ignored(
        &self,
        reader: &mut Reader<'d, '_>,
        entry: &Entry,
        key: &str,
        domain: Option<Domain>,
    ) {
        let Some(policy) = self.policy.filter(|_| !self.expects_unknown) else { return };
        // A fixture may stand for any domain.
        let domains = domain.map_or(DOMAINS.to_vec(), |domain| vec![domain]);
        let names = || domains.iter().flat_map(|domain| members(policy, *domain, None));
        if names().any(|name| name == key) {
            return;
        }
        let span = reader.document.span(&entry.key);
        let place =
            domain.map_or("any domain".to_owned(), |domain| format!("`{}`", domain.as_str()));
        let message =
            format!("the schema names no `{}` in {place}, so nothing reads it", excerpt(key));
        let diagnostic = Diagnostic::warning(Code::IgnoredField, span, message);
        reader.push(reader.near(diagnostic, key, names()));
    }

    /// The fixture of that name. `at` is where it is used, if anywhere.
    fn resolve(
        &mut self,
        reader: &mut Reader<'d, '_>,
        name: &'d str,
        at: Option<&Node>,
        depth: usize,
    ) -> Option<Value> {
        let Some(fixture) = self.by_name.get_mut(name) else {
            if let Some(at) = at {
                let span = reader.document.span(at);
                let message = format!("there is no fixture `{}`", excerpt(name));
                let diagnostic = Diagnostic::error(Code::UnknownFixture, span, message);
                let diagnostic = reader.near(diagnostic, name, self.by_name.keys().copied());
                reader.push(if self.by_name.is_empty() {
                    diagnostic.with_help("write the domain as a mapping, or add `fixtures:`")
                } else {
                    diagnostic
                });
            }
            return None;
        };
        let node = fixture.node;
        match &fixture.state {
            State::Read(value) => {
                // Without a place, it is only made sure that the fixture has been read.
                let (at, value) = (at?, value.as_ref()?);
                let copied = self.copied.saturating_add(value.size());
                if copied <= MAX_FIXTURE_BYTES {
                    self.copied = copied;
                    return Some(value.clone());
                }
                if !self.is_full {
                    self.is_full = true;
                    let mebibytes = MAX_FIXTURE_BYTES >> 20;
                    let message = format!(
                        "with this use, fixtures come to more than {mebibytes} MiB of inputs"
                    );
                    let help = "make the fixtures smaller, or divide the tests among several files";
                    reader.error_with_help(Code::TooManyTests, at, message, help);
                }
                return None;
            }
            State::UnderWay => {
                let message = format!("the fixture `{}` uses itself", excerpt(name));
                reader.error(Code::CircularDefinition, at.unwrap_or(node), message);
                return None;
            }
            State::Unread => {}
        }
        if depth >= MAX_FIXTURE_DEPTH {
            let message = format!("more than {MAX_FIXTURE_DEPTH} fixtures use one another");
            reader.error(Code::NestingTooDeep, at.unwrap_or(node), message);
            return None;
        }
        fixture.state = State::UnderWay;
        let value = self.mapping(reader, node, None, depth + 1);
        if let Some(fixture) = self.by_name.get_mut(name) {
            fixture.state = State::Read(value.clone());
        }
        value
    }
}

/// The value of a node inside an input.
pub(super) fn read_value<'d>(reader: &mut Reader<'d, '_>, node: &'d Node) -> Option<Value> {
    let value = Value::read(reader.document, node);
    if value.is_none() {
        let help = "quote it where the word itself is meant: `\"null\"`";
        reader.error_with_help(Code::BadName, node, "a key inside this value is no text", help);
    }
    value
}

/// A key that is a name.
fn name<'d>(reader: &mut Reader<'d, '_>, entry: &'d Entry) -> Option<&'d str> {
    if is_null(&entry.key) {
        let help = "quote it where the word itself is meant: `\"null\"`";
        reader.error_with_help(Code::BadName, &entry.key, "a name is null", help);
    }
    reader.text(&entry.key, "a name")
}

/// Reads an input: a mapping of domains, each perhaps a fixture.
pub(super) fn input<'d>(
    reader: &mut Reader<'d, '_>,
    fixtures: &mut Fixtures<'d, '_>,
    node: &'d Node,
) -> Option<Value> {
    let names = DOMAINS.map(Domain::as_str);
    let keys = reader.keys(node, "an input", &names, &[])?;
    let mut context = Vec::new();
    let mut sound = true;
    for domain in DOMAINS {
        let name = domain.as_str();
        let Some(entry) = keys.entry(name) else {
            sound &= !keys.has(name);
            continue;
        };
        match fixtures.domain(reader, &entry.value, domain) {
            Some(value) => context.push((name.to_owned(), value)),
            None => sound = false,
        }
    }
    sound.then_some(Value::Map(context))
}
