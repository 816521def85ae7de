//! Changes a policy in small ways until each governance rule is broken by one.

use super::Finding;
use super::documents::{Documents, id_of, list, to_text, with_key, with_list};
use actra::Policy;
use serde_yaml::{Mapping, Value};

/// The code of a diagnostic that says that a governance rule is broken.
const VIOLATED: &str = "governance_violated";

const EFFECTS: [&str; 3] = ["allow", "block", "require_approval"];

pub(super) fn findings(documents: &Documents) -> Result<Vec<Finding>, String> {
    let demands = list(&documents.governance, &["governance", "rules"])?;
    let changes = changes(documents)?;
    let mut findings = Vec::new();
    for demand in demands {
        let alone =
            with_list(&documents.governance, &["governance", "rules"], vec![demand.clone()]);
        let alone = to_text(&alone)?;
        let id = id_of(demand)?;
        if breaks(documents, &documents.policy, &alone)? {
            return Err(format!("governance rule `{id}` is broken as it is"));
        }
        let mut shown_by = None;
        for change in &changes {
            let policy = with_list(&documents.policy, &["rules"], change.rules.clone());
            if breaks(documents, &policy, &alone)? {
                shown_by = Some(change.what.clone());
                break;
            }
        }
        findings.push(Finding { id, shown_by });
    }
    Ok(findings)
}

/// Whether the policy is refused for its governance. A changed policy may be refused for something
/// else, which says nothing.
fn breaks(documents: &Documents, policy: &Value, governance: &str) -> Result<bool, String> {
    match Policy::from_strings(&documents.schema, &to_text(policy)?, Some(governance)) {
        Ok(_) => Ok(false),
        Err(error) => {
            let found = error.diagnostics();
            Ok(found.iter().any(|diagnostic| diagnostic.code.as_str() == VIOLATED))
        }
    }
}

/// A policy's rules with one change, in words.
struct Change {
    what: String,
    rules: Vec<Value>,
}

/// Rules gone, watched only, turned into their opposite, reading one field more; and doors added.
fn changes(documents: &Documents) -> Result<Vec<Change>, String> {
    let rules = list(&documents.policy, &["rules"])?;
    let schema: Value =
        serde_yaml::from_str(&documents.schema).map_err(|error| error.to_string())?;
    let mut changes = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let id = id_of(rule)?;
        let mut without = rules.clone();
        without.remove(index);
        changes.push(Change { what: format!("without `{id}`"), rules: without });
        let mut replace = |what: String, rule: Value| {
            let mut rules = rules.clone();
            if let Some(place) = rules.get_mut(index) {
                *place = rule;
            }
            changes.push(Change { what, rules });
        };
        replace(format!("`{id}` in shadow mode"), with_key(rule, "mode", "shadow".into()));
        for effect in EFFECTS {
            replace(format!("`{id}` as {effect}"), with_key(rule, "effect", effect.into()));
        }
    }
    for scope in scopes(rules, &schema) {
        let mut more = rules.clone();
        let door =
            [("id", "one_more".into()), ("scope", scope.clone()), ("effect", "allow".into())];
        more.push(Value::Mapping(
            door.map(|(key, value)| (Value::from(key), value)).into_iter().collect(),
        ));
        let scope = serde_json::to_string(&scope).map_err(|error| error.to_string())?;
        changes.push(Change { what: format!("with an allow for {scope}"), rules: more });
    }
    // The most numerous last.
    for (index, rule) in rules.iter().enumerate() {
        for field in fields(&schema) {
            let mut more = rules.clone();
            if let Some(place) = more.get_mut(index) {
                *place = with_key(rule, "when", and(rule.get("when"), &format!("{field} exists")));
            }
            let what = format!("`{}` that reads `{field}`", id_of(rule)?);
            changes.push(Change { what, rules: more });
        }
    }
    Ok(changes)
}

/// A condition and one more atom.
fn and(when: Option<&Value>, atom: &str) -> Value {
    let parts = when.cloned().into_iter().chain([Value::from(atom)]).collect();
    let mut all = Mapping::new();
    all.insert("all".into(), Value::Sequence(parts));
    Value::Mapping(all)
}

/// The scope of everything, of each action, and of each action with each kind of actor that some
/// rule knows or an organisation is likely to.
fn scopes(rules: &[Value], schema: &Value) -> Vec<Value> {
    let mut actors = vec!["ai_agent".to_owned(), "service_account".to_owned()];
    for named in rules.iter().filter_map(|rule| rule.get("scope")?.get("actor")) {
        let names = match named {
            Value::Sequence(names) => names.clone(),
            name => vec![name.clone()],
        };
        for name in names.iter().filter_map(Value::as_str) {
            if !actors.iter().any(|known| known == name) {
                actors.push(name.to_owned());
            }
        }
    }
    let scope = |entries: &[(&str, Value)]| {
        Value::Mapping(
            entries.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect(),
        )
    };
    let mut scopes = vec![scope(&[("global", true.into())])];
    let actions = schema.get("actions").and_then(Value::as_mapping);
    for action in actions.into_iter().flat_map(Mapping::keys) {
        scopes.push(scope(&[("action", action.clone())]));
        for actor in &actors {
            scopes.push(scope(&[("action", action.clone()), ("actor", actor.as_str().into())]));
        }
    }
    scopes
}

/// Every field of the schema as the short form writes it, where it can.
fn fields(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |domain: &str, declared: Option<&Value>| {
        leaves(domain, declared.and_then(|declared| declared.get("fields")), &mut names);
    };
    add("action", schema.get("common"));
    let actions = schema.get("actions").and_then(Value::as_mapping);
    for action in actions.into_iter().flat_map(Mapping::values) {
        add("action", Some(action));
    }
    add("actor", schema.get("actor"));
    add("snapshot", schema.get("snapshot"));
    names.sort();
    names.dedup();
    names
}

fn leaves(prefix: &str, fields: Option<&Value>, names: &mut Vec<String>) {
    for (name, field) in fields.and_then(Value::as_mapping).into_iter().flatten() {
        let Some(name) = name.as_str() else { continue };
        let name = format!("{prefix}.{name}");
        match field.get("fields") {
            Some(inner) => leaves(&name, Some(inner), names),
            None => names.push(name),
        }
    }
}
