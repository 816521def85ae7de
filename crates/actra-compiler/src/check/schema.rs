//! The schema document.

use super::constraint::{self, FIELD_KEYS};
use super::context::{
    Context, Slots, describe, did_you_mean, entries, excerpt, is_null, is_text, listing, mapping,
    null_value, prose,
};
use super::habits::{meant_key, meant_type};
use super::names::{field_name, key_name, null_name};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::limits::{MAX_FIELDS, MAX_OBJECT_DEPTH};
use crate::model::{Action, Domain, Field, FieldType, ListType, ScalarKind, ScalarType, Schema};
use crate::yaml::{Document, Entry, Node, Scalar, Value};
use std::collections::{HashMap, HashSet};

/// A schema that may still have errors: it knows which of its parts are not to be relied on.
#[derive(Debug, Default)]
pub(super) struct DraftSchema {
    pub(super) common: Section,
    /// Sorted by name.
    pub(super) actions: Vec<DraftAction>,
    pub(super) actor: Section,
    pub(super) snapshot: Section,
    /// Whether the list of actions could not be read, so that any action may have been meant.
    pub(super) lacks_actions: bool,
}

/// An action.
#[derive(Debug)]
pub(super) struct DraftAction {
    pub(super) name: String,
    pub(super) section: Section,
    description: Option<String>,
}

/// The fields of one domain, action or `common`.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The sound ones, sorted by name.
    pub(super) fields: Vec<Field>,
    /// Names that are declared, but not so that anything could be said about their types.
    unsound: HashSet<String>,
    /// Whether the section could not be read, so that it may declare any name.
    unreadable: bool,
}

impl Section {
    fn unreadable() -> Self {
        Self { unreadable: true, ..Self::default() }
    }

    /// The field of that name.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        find(&self.fields, name)
    }

    /// Every name that is declared, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let sound = self.fields.iter().map(|field| field.name.as_str());
        sound.chain(self.unsound.iter().map(String::as_str))
    }

    /// Whether the name may be declared without being among the sound fields.
    pub(super) fn may_declare(&self, name: &str) -> bool {
        self.unreadable || (!self.unsound.is_empty() && self.unsound.contains(name))
    }
}

/// The field of that name among sorted fields.
pub(super) fn find<'s>(fields: &'s [Field], name: &str) -> Option<&'s Field> {
    let index = fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok()?;
    fields.get(index)
}

impl DraftSchema {
    /// What stands for a schema that could not be read.
    pub(super) fn unreadable() -> Self {
        Self {
            common: Section::unreadable(),
            actions: Vec::new(),
            actor: Section::unreadable(),
            snapshot: Section::unreadable(),
            lacks_actions: true,
        }
    }

    /// The action of that name.
    pub(super) fn action(&self, name: &str) -> Option<&DraftAction> {
        let index = self.actions.binary_search_by(|action| action.name.as_str().cmp(name)).ok()?;
        self.actions.get(index)
    }

    /// Every field that stands directly in a section: its name, and how it is read.
    pub(super) fn field_names(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let actions = self.actions.iter().map(|action| ("action", &action.section));
        [("action", &self.common)]
            .into_iter()
            .chain(actions)
            .chain([("actor", &self.actor), ("snapshot", &self.snapshot)])
            .flat_map(|(domain, section)| {
                section.names().map(move |name| (name.to_owned(), format!("{domain}.{name}")))
            })
    }

    pub(super) fn into_schema(self) -> Schema {
        let actions = self.actions.into_iter().map(|action| Action {
            name: action.name,
            fields: action.section.fields,
            description: action.description,
        });
        Schema {
            common: self.common.fields,
            actions: actions.collect(),
            actor: self.actor.fields,
            snapshot: self.snapshot.fields,
        }
    }
}

/// Where a field is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In `common` or an action: defaults are allowed.
    Operation,
    /// In the actor or the snapshot.
    State(Domain),
    /// In an object, so many deep.
    Object(usize),
}

/// Reads the schema.
pub(super) fn check(cx: &mut Context<'_>, document: &Document) -> DraftSchema {
    let keys = ["version", "description", "common", "actions", "actor", "snapshot"];
    let Some(slots) = mapping(cx, document, &document.root, "the schema", keys, &["actions"])
    else {
        return DraftSchema::unreadable();
    };
    version(cx, document, &slots);
    if let Some(node) = slots.get("description") {
        prose(cx, document, node, "description");
    }
    let mut reader = Reader { cx, document, declared: 0 };
    let common = slots.get("common");
    let common_places = common.and_then(|node| field_places(document, node)).unwrap_or_default();
    let common = common
        .map_or_else(Section::default, |node| reader.section(node, "`common`", Home::Operation));
    let (actions, lacks_actions) = match slots.require(
        reader.cx,
        "actions",
        "the schema",
        "list the actions that may be requested: `actions: {refund: {fields: {amount: number}}}`",
    ) {
        Some(node) => reader.actions(node, &common_places),
        None => (Vec::new(), true),
    };
    let actor = slots.get("actor").map_or_else(Section::default, |node| {
        reader.section(node, "`actor`", Home::State(Domain::Actor))
    });
    let snapshot = slots.get("snapshot").map_or_else(Section::default, |node| {
        reader.section(node, "`snapshot`", Home::State(Domain::Snapshot))
    });
    DraftSchema { common, actions, actor, snapshot, lacks_actions }
}

fn version<const N: usize>(cx: &mut Context<'_>, document: &Document, slots: &Slots<'_, N>) {
    let help = "write `version: 1`";
    let Some(node) = slots.require(cx, "version", "the schema", help) else { return };
    match &node.value {
        Value::Scalar(Scalar::Integer(1) | Scalar::Null) => {}
        _ => {
            let message = match document.text(node) {
                Some(text) if !is_text(node) => {
                    format!("there is no version `{}` of schemas", excerpt(text))
                }
                _ => format!("`version` is a number, not {}", describe(document, node)),
            };
            let help = match document.text(node) {
                Some(text @ "1") if is_text(node) => {
                    &format!("write it without quotes: `version: {text}`")
                }
                _ => help,
            };
            cx.error_with_help(Code::UnknownVersion, document.span(node), message, help);
        }
    }
}

/// The names under `fields:` with their places.
fn field_places<'d>(document: &'d Document, section: &'d Node) -> Option<HashMap<&'d str, Span>> {
    let Value::Mapping(keys) = &section.value else { return None };
    let fields = keys.iter().find(|entry| document.text(&entry.key) == Some("fields"))?;
    let Value::Mapping(fields) = &fields.value.value else { return None };
    let named = fields
        .iter()
        .filter_map(|entry| Some((document.text(&entry.key)?, document.span(&entry.key))));
    Some(named.collect())
}

/// Reads declarations and counts them.
pub(super) struct Reader<'c, 'a, 'd> {
    pub(super) cx: &'c mut Context<'a>,
    pub(super) document: &'d Document,
    declared: usize,
}

impl<'d> Reader<'_, '_, 'd> {
    fn actions(
        &mut self,
        node: &'d Node,
        common: &HashMap<&str, Span>,
    ) -> (Vec<DraftAction>, bool) {
        if is_null(node) {
            return (Vec::new(), false);
        }
        let Some(entries) = entries(self.cx, self.document, node, "`actions`") else {
            return (Vec::new(), true);
        };
        let mut actions = Vec::with_capacity(entries.len());
        let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let key = &entry.key;
            let Some(name) = key_name(self.cx, self.document, key, "the name of an action") else {
                continue;
            };
            if let Some(first) = seen.insert(name, self.document.span(key)) {
                let message = format!("the action `{}` is declared twice", excerpt(name));
                self.cx.push(
                    Diagnostic::error(Code::RepeatedKey, self.document.span(key), message)
                        .with_related(first, "first declared here"),
                );
                continue;
            }
            actions.push(self.action(name, entry, common));
        }
        actions.sort_by(|left, right| left.name.cmp(&right.name));
        (actions, false)
    }

    fn action(
        &mut self,
        name: &str,
        entry: &'d Entry,
        common: &HashMap<&str, Span>,
    ) -> DraftAction {
        let what = format!("the action `{}`", excerpt(name));
        if is_null(&entry.value) {
            self.cx.error_with_help(
                Code::NullValue,
                self.document.span(&entry.key),
                format!("{what} has nothing after it"),
                "an action without fields is written `{fields: {}}`",
            );
            let section = Section::unreadable();
            return DraftAction { name: name.to_owned(), section, description: None };
        }
        for (field, place) in field_places(self.document, &entry.value).unwrap_or_default() {
            if let Some(first) = common.get(field) {
                let message = format!("`{}` is declared in `common`, too", excerpt(field));
                self.cx.push(
                    Diagnostic::error(Code::RepeatedField, place, message)
                        .with_related(*first, "declared here for every action")
                        .with_help("keep one of the two"),
                );
            }
        }
        let keys = ["fields", "description"];
        let slots = if self.lacks_fields_key(&entry.value, &what) {
            None
        } else {
            mapping(self.cx, self.document, &entry.value, &what, keys, &["fields"])
        };
        let Some(slots) = slots else {
            let section = Section::unreadable();
            return DraftAction { name: name.to_owned(), section, description: None };
        };
        let description = slots
            .get("description")
            .and_then(|node| prose(self.cx, self.document, node, "description"));
        let section = self.section_fields(&slots, Home::Operation);
        DraftAction { name: name.to_owned(), section, description }
    }

    fn section(&mut self, node: &'d Node, what: &str, home: Home) -> Section {
        let keys = ["fields", "description"];
        if self.lacks_fields_key(node, what) {
            return Section::unreadable();
        }
        match mapping(self.cx, self.document, node, what, keys, &["fields"]) {
            Some(slots) => {
                if let Some(node) = slots.get("description") {
                    prose(self.cx, self.document, node, "description");
                }
                self.section_fields(&slots, home)
            }
            None => Section::unreadable(),
        }
    }

    fn section_fields<const N: usize>(&mut self, slots: &Slots<'d, N>, home: Home) -> Section {
        match slots.get("fields") {
            Some(node) => self.fields(node, home),
            None if slots.has_strange() => Section::unreadable(),
            None => Section::default(),
        }
    }

    /// The declarations under `fields:`.
    fn fields(&mut self, node: &'d Node, home: Home) -> Section {
        if is_null(node) {
            return Section::default();
        }
        let Some(entries) = entries(self.cx, self.document, node, "`fields`") else {
            return Section::unreadable();
        };
        let mut section = Section::default();
        let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
        for entry in entries {
            self.count(&entry.key);
            if is_null(&entry.key) {
                null_name(self.cx, self.document, &entry.key, "the name of a field");
            }
            let Some(name) = field_name(self.cx, self.document, &entry.key) else {
                section.unsound.extend(self.document.text(&entry.key).map(str::to_owned));
                continue;
            };
            let place = self.document.span(&entry.key);
            if let Some(first) = seen.insert(name, place) {
                let message = format!("the field `{}` is declared twice", excerpt(name));
                self.cx.push(
                    Diagnostic::error(Code::RepeatedField, place, message)
                        .with_related(first, "first declared here"),
                );
                continue;
            }
            match self.field(name, entry, home) {
                Some(field) => section.fields.push(field),
                None => {
                    section.unsound.insert(name.to_owned());
                }
            }
        }
        section.fields.sort_by(|left, right| left.name.cmp(&right.name));
        section
    }

    fn count(&mut self, key: &Node) {
        self.declared += 1;
        // Said once, where the limit is passed.
        if self.declared == MAX_FIELDS + 1 {
            let message = format!("the schema declares more than {MAX_FIELDS} fields");
            self.cx.error(Code::TooManyFields, self.document.span(key), message);
        }
    }

    fn field(&mut self, name: &str, entry: &'d Entry, home: Home) -> Option<Field> {
        let node = &entry.value;
        if is_null(node) {
            null_value(self.cx, self.document, entry);
            return None;
        }
        let mut field = match &node.value {
            Value::Mapping(entries) => {
                let what = format!("the field `{}`", excerpt(name));
                if self.is_bare_object(entries) {
                    let message = format!("{what} has no `type`");
                    let help = "an object is written `{type: object, fields: {name: string}}`";
                    let span = super::context::head(self.document, node);
                    self.cx.error_with_help(Code::MissingKey, span, message, help);
                    return None;
                }
                let slots = mapping(self.cx, self.document, node, &what, FIELD_KEYS, &["fields"])?;
                self.long_field(name, &slots, home)?
            }
            _ => {
                let ty = self.plain_type(node)?;
                Field { name: name.to_owned(), ty, required: false, description: None }
            }
        };
        let built_in =
            name == "type" && matches!(home, Home::Operation | Home::State(Domain::Actor));
        if built_in && !matches!(&field.ty, FieldType::Scalar(ty) if ty.kind == ScalarKind::String)
        {
            self.cx.error_with_help(
                Code::UnknownType,
                self.document.span(node),
                "the built-in field `type` can be nothing but a `string`",
                "declare it `string`, or not at all: it can always be read",
            );
            field.ty = FieldType::Scalar(ScalarType::plain(ScalarKind::String));
        }
        Some(field)
    }

    /// Names with types where a field's own keys should stand.
    fn is_bare_object(&self, entries: &[Entry]) -> bool {
        let is_type = |node: &Node| {
            let text = self.document.text(node);
            TYPES.iter().any(|(name, _)| Some(*name) == text)
        };
        let is_own = |entry: &Entry| {
            self.document.text(&entry.key).is_some_and(|key| FIELD_KEYS.contains(&key))
        };
        entries.iter().any(|entry| is_type(&entry.value)) && !entries.iter().any(is_own)
    }

    /// Fields that stand directly where `fields:` should: one mistake, however many there are.
    fn lacks_fields_key(&mut self, node: &Node, what: &str) -> bool {
        let Value::Mapping(entries) = &node.value else { return false };
        let own = |entry: &&Entry| {
            let key = self.document.text(&entry.key).unwrap_or_default();
            key == "description" || did_you_mean(key, ["fields", "description"]).is_some()
        };
        let has_fields = entries.iter().any(|entry| {
            let key = self.document.text(&entry.key).unwrap_or_default();
            key == "fields" || meant_key(key, &["fields"]).is_some()
        });
        let first = entries.iter().find(|entry| !own(entry));
        let Some(first) = first.filter(|_| !has_fields) else { return false };
        let key = self.document.text(&first.key).unwrap_or("null");
        let message = format!("`{}` is no key of {what}", excerpt(key));
        let help = format!("fields stand under `fields:`: `fields: {{{}: ..}}`", excerpt(key));
        self.cx.error_with_help(Code::UnknownKey, self.document.span(&first.key), message, help);
        true
    }

    /// `amount: number`.
    fn plain_type(&mut self, node: &Node) -> Option<FieldType> {
        let kind = self.type_name(node, TYPES)?;
        let long = match kind {
            TypeName::Scalar(kind) => return Some(FieldType::Scalar(ScalarType::plain(kind))),
            TypeName::List => "{type: list, items: string}",
            TypeName::Object => "{type: object, fields: {name: string}}",
            TypeName::Map => "{type: map, values: string}",
        };
        let name = self.document.text(node).unwrap_or_default();
        self.cx.error_with_help(
            Code::MissingKey,
            self.document.span(node),
            format!("the type `{name}` does not say what it holds"),
            format!("write `{long}`"),
        );
        None
    }

    fn long_field(
        &mut self,
        name: &str,
        slots: &Slots<'d, { FIELD_KEYS.len() }>,
        home: Home,
    ) -> Option<Field> {
        let (cx, document) = (&mut *self.cx, self.document);
        let description =
            slots.get("description").and_then(|node| prose(cx, document, node, "description"));
        let required = slots
            .get("required")
            .and_then(|node| super::context::boolean(cx, document, node, "required"));
        let what = format!("the field `{}`", excerpt(name));
        let ty = slots.require(cx, "type", &what, "write `type: string`, say")?;
        let kind = self.type_name(ty, TYPES)?;
        let misplaced: &[&str] = match kind {
            TypeName::Scalar(_) => &["unique", "items", "fields", "values"],
            TypeName::List => &["enum", "min", "max", "default", "fields", "values"],
            TypeName::Object => {
                &["enum", "min", "max", "max_length", "unique", "default", "items", "values"]
            }
            TypeName::Map => {
                &["enum", "min", "max", "max_length", "unique", "default", "items", "fields"]
            }
        };
        constraint::refuse(self.cx, self.document, slots, kind.as_str(), misplaced);
        let ty = match kind {
            TypeName::Scalar(kind) => FieldType::Scalar(constraint::scalar(
                self.cx,
                self.document,
                slots,
                kind,
                Some((home, required.unwrap_or(false), name == "type")),
            )),
            TypeName::List => self.list(slots, &what)?,
            TypeName::Map => self.map(slots, &what)?,
            TypeName::Object => self.object(slots, &what, home)?,
        };
        Some(Field { name: name.to_owned(), ty, required: required.unwrap_or(false), description })
    }

    fn list(&mut self, slots: &Slots<'d, { FIELD_KEYS.len() }>, what: &str) -> Option<FieldType> {
        let max_length = slots
            .get("max_length")
            .and_then(|node| constraint::length(self.cx, self.document, node));
        let unique = slots
            .get("unique")
            .and_then(|node| super::context::boolean(self.cx, self.document, node, "unique"));
        let node = slots.require(self.cx, "items", what, "write `items: string`, say")?;
        let items = match &node.value {
            Value::Mapping(_) => {
                let what = "`items`";
                let slots = mapping(self.cx, self.document, node, what, FIELD_KEYS, &[])?;
                let help = "write `type: string`, say";
                let ty = slots.require(self.cx, "type", what, help)?;
                let kind = self.item_kind(ty)?;
                let misplaced = ["required", "unique", "default", "items", "fields", "values"];
                constraint::refuse(self.cx, self.document, &slots, "item", &misplaced);
                constraint::scalar(self.cx, self.document, &slots, kind, None)
            }
            _ => ScalarType::plain(self.item_kind(node)?),
        };
        Some(FieldType::List(ListType { items, max_length, unique: unique.unwrap_or(false) }))
    }

    fn item_kind(&mut self, node: &Node) -> Option<ScalarKind> {
        let kind = self.type_name(node, TYPES)?;
        match kind {
            TypeName::Scalar(
                kind @ (ScalarKind::String | ScalarKind::Number | ScalarKind::Integer),
            ) => Some(kind),
            _ => {
                self.cx.error_with_help(
                    Code::UnknownType,
                    self.document.span(node),
                    format!("a list cannot hold items of the type `{}`", kind.as_str()),
                    "items are of the type `string`, `number` or `integer`",
                );
                None
            }
        }
    }

    fn map(&mut self, slots: &Slots<'d, { FIELD_KEYS.len() }>, what: &str) -> Option<FieldType> {
        let node = slots.require(self.cx, "values", what, "write `values: string`, say")?;
        match self.type_name(node, TYPES)? {
            TypeName::Scalar(kind) => Some(FieldType::Map(kind)),
            kind => {
                self.cx.error_with_help(
                    Code::UnknownType,
                    self.document.span(node),
                    format!("a map cannot hold values of the type `{}`", kind.as_str()),
                    "values are of a scalar type",
                );
                None
            }
        }
    }

    fn object(
        &mut self,
        slots: &Slots<'d, { FIELD_KEYS.len() }>,
        what: &str,
        home: Home,
    ) -> Option<FieldType> {
        let depth = if let Home::Object(depth) = home { depth + 1 } else { 1 };
        let node = slots.require(self.cx, "fields", what, "write `fields: {name: string}`, say")?;
        if depth > MAX_OBJECT_DEPTH {
            let message = format!("objects are nested more than {MAX_OBJECT_DEPTH} deep");
            self.cx.error(Code::BadConstraint, self.document.span(node), message);
            return None;
        }
        let section = self.fields(node, Home::Object(depth));
        // With one field in doubt, nothing can be said about paths through the object.
        let sound = !section.unreadable && section.unsound.is_empty();
        sound.then_some(FieldType::Object(section.fields))
    }

    fn type_name(&mut self, node: &Node, types: &[(&str, TypeName)]) -> Option<TypeName> {
        let text = self.document.text(node);
        if let Some((_, kind)) = types.iter().find(|(name, _)| Some(*name) == text) {
            return Some(*kind);
        }
        if is_null(node) {
            return None;
        }
        let names = || types.iter().map(|(name, _)| *name);
        let (code, message) = match text {
            Some(text) => (Code::UnknownType, format!("unknown type `{}`", excerpt(text))),
            None => (Code::WrongShape, "a type is a name".to_owned()),
        };
        let help = text
            .and_then(meant_type)
            .or_else(|| match &node.value {
                Value::Sequence(items) => {
                    let item = items.first().and_then(|item| self.document.text(item))?;
                    Some(format!("write `{{type: list, items: {}}}`", excerpt(item)))
                }
                _ => None,
            })
            .or_else(|| text.and_then(|text| did_you_mean(text, names())))
            .unwrap_or_else(|| format!("types are {}", listing(names())));
        self.cx.error_with_help(code, self.document.span(node), message, help);
        None
    }
}

/// A type without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TypeName {
    Scalar(ScalarKind),
    List,
    Object,
    Map,
}

impl TypeName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar(kind) => kind.as_str(),
            Self::List => "list",
            Self::Object => "object",
            Self::Map => "map",
        }
    }
}

const TYPES: &[(&str, TypeName)] = &[
    ("string", TypeName::Scalar(ScalarKind::String)),
    ("number", TypeName::Scalar(ScalarKind::Number)),
    ("integer", TypeName::Scalar(ScalarKind::Integer)),
    ("boolean", TypeName::Scalar(ScalarKind::Boolean)),
    ("timestamp", TypeName::Scalar(ScalarKind::Timestamp)),
    ("list", TypeName::List),
    ("object", TypeName::Object),
    ("map", TypeName::Map),
];
