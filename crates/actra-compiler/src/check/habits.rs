//! What people write who come from another tool, and what is said here instead.
//!
//! The help is all that these words are for: nothing here makes a wrong document right.

use crate::model::Domain;

/// A key of other tools.
struct KeyHabit {
    word: &'static str,
    /// The key that is meant. It must be one of those of the mapping, so it also says where the
    /// habit applies.
    key: &'static str,
    /// What to write, if it is more than another key.
    help: Option<&'static str>,
}

const fn key(word: &'static str, key: &'static str) -> KeyHabit {
    KeyHabit { word, key, help: None }
}

const fn key_with(word: &'static str, key: &'static str, help: &'static str) -> KeyHabit {
    KeyHabit { word, key, help: Some(help) }
}

const RULES_HELP: &str = "rules are a list under `rules:`, each with a `-` before it";
const SCOPE_HELP: &str = "who and what a rule is about stands in its scope: \
                          `scope: {action: name, actor: kind}`";
const ORDER_HELP: &str = "rules have no priorities: under `most_restrictive` the most restrictive \
                          one decides, under `first_match` the first";

const KEYS: &[KeyHabit] = &[
    // Rules.
    key("if", "when"),
    key("where", "when"),
    key("condition", "when"),
    key("conditions", "when"),
    key("match", "when"),
    key("then", "effect"),
    key("decision", "effect"),
    key("outcome", "effect"),
    key("result", "effect"),
    key("verdict", "effect"),
    key("name", "id"),
    key("rule", "id"),
    key("reason", "message"),
    key("obligations", "required_actions"),
    key("requires", "required_actions"),
    key("labels", "tags"),
    key_with("action", "scope", SCOPE_HELP),
    key_with("actions", "scope", SCOPE_HELP),
    key_with("actor", "scope", SCOPE_HELP),
    key_with("principal", "scope", SCOPE_HELP),
    key_with("resource", "scope", SCOPE_HELP),
    key_with("target", "scope", SCOPE_HELP),
    key_with("priority", "mode", ORDER_HELP),
    key_with("order", "mode", ORDER_HELP),
    key_with("enabled", "mode", "`mode: shadow` turns a rule off and says what it would do"),
    key_with("disabled", "mode", "`mode: shadow` turns a rule off and says what it would do"),
    // The policy.
    key("statements", "rules"),
    key("policies", "rules"),
    key("settings", "evaluation"),
    key("definitions", "define"),
    key_with("id", "rules", RULES_HELP),
    key_with("scope", "rules", RULES_HELP),
    key_with("when", "rules", RULES_HELP),
    key_with("effect", "rules", RULES_HELP),
    key_with("default", "evaluation", "it stands in `evaluation:`: `evaluation: {default: block}`"),
    key_with("combine", "evaluation", "it stands in `evaluation:`: `evaluation: {combine: ..}`"),
    key_with("missing", "evaluation", "it stands in `evaluation:`: `evaluation: {missing: ..}`"),
    key_with("lists", "define", "it stands in `define:`: `define: {lists: {name: [..]}}`"),
    key_with("conditions", "define", "it stands in `define:`: `define: {conditions: {..}}`"),
    key_with("actions", "rules", "actions are declared in `schema.yaml`"),
    // Scopes.
    key("operation", "action"),
    key("tool", "action"),
    key("type", "action"),
    key("principal", "actor"),
    key("user", "actor"),
    key("role", "actor"),
    key("everything", "global"),
    key("any", "global"),
    // Atoms, subjects and values.
    key("field", "subject"),
    key("attribute", "subject"),
    key("left", "subject"),
    key("op", "operator"),
    key("comparator", "operator"),
    key("right", "value"),
    key("values", "value"),
    key("literal", "value"),
    key("name", "field"),
    key("path", "field"),
    key("attribute", "field"),
    key("source", "domain"),
    key("value", "literal"),
    key("field", "subject"),
    // Conditions.
    key("and", "all"),
    key("allOf", "all"),
    key("or", "any"),
    key("anyOf", "any"),
    key("none", "not"),
    key_with("noneOf", "not", "write `not: {any: [..]}`"),
    key("ref", "condition"),
    key("use", "condition"),
    // The schema.
    key("operations", "actions"),
    key("tools", "actions"),
    key("context", "snapshot"),
    key("state", "snapshot"),
    key("environment", "snapshot"),
    key("principal", "actor"),
    key("subject", "actor"),
    key("user", "actor"),
    key("properties", "fields"),
    key("attributes", "fields"),
    key("parameters", "fields"),
    key("args", "fields"),
    // Fields.
    key("minimum", "min"),
    key("maximum", "max"),
    key("minItems", "max_length"),
    key("maxItems", "max_length"),
    key("length", "max_length"),
    key("values", "enum"),
    key("oneOf", "enum"),
    key("kind", "type"),
    key_with(
        "optional",
        "required",
        "leave it out: a field is optional unless it is `required: true`",
    ),
    key_with(
        "nullable",
        "required",
        "leave it out: null is as good as absent, and a field is optional unless it is \
         `required: true`",
    ),
    key_with("pattern", "max_length", "a schema has no patterns: rules test them with `matches`"),
    key_with("format", "max_length", "a schema has no formats: rules test them"),
    key_with(
        "min_length",
        "max_length",
        "a schema has no `min_length`: rules test it with `length_less_than`",
    ),
];

/// The key that a word of another tool is meant for, and the help, if it is one.
pub(super) fn meant_key<'k>(word: &str, keys: &[&'k str]) -> Option<(&'k str, String)> {
    KEYS.iter().filter(|habit| habit.word == word).find_map(|habit| {
        let key = keys.iter().find(|key| **key == habit.key)?;
        let help = habit.help.map_or_else(|| format!("did you mean `{key}`?"), str::to_owned);
        Some((*key, help))
    })
}

/// Keywords of other tools, and what is said here.
const KEYWORDS: &[(&str, &str)] = &[
    ("deny_overrides", "most_restrictive"),
    ("deny-overrides", "most_restrictive"),
    ("block_overrides", "most_restrictive"),
    ("strictest", "most_restrictive"),
    ("first", "first_match"),
    ("first_applicable", "first_match"),
    ("ordered", "first_match"),
    ("strict", "checked"),
    ("validated", "checked"),
    ("lenient", "unchecked"),
    ("loose", "unchecked"),
    ("audit", "shadow"),
    ("dry_run", "shadow"),
    ("dry-run", "shadow"),
    ("dryrun", "shadow"),
    ("log", "shadow"),
    ("monitor", "shadow"),
    ("observe", "shadow"),
    ("report", "shadow"),
    ("warn", "shadow"),
    ("active", "enforce"),
    ("enforced", "enforce"),
    ("enforcing", "enforce"),
    ("all", "every"),
    ("any", "some"),
];

/// The keyword that a word of another tool is meant for, if it is among these.
pub(super) fn meant_keyword<'k>(
    word: &str,
    mut words: impl Iterator<Item = &'k str>,
) -> Option<&'k str> {
    let (_, meant) = KEYWORDS.iter().find(|(habit, _)| *habit == word)?;
    words.find(|word| word == meant)
}

/// The effect that another tool's word is for.
pub(super) fn meant_effect(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "deny" | "denied" | "reject" | "forbid" | "refuse" | "disallow" | "prohibit"
        | "blocked" | "stop" => Some("block"),
        "permit" | "permitted" | "accept" | "grant" | "pass" | "allowed" | "ok" => Some("allow"),
        "approval" | "approve" | "ask" | "escalate" | "review" | "confirm" | "challenge"
        | "human_approval" | "manual_approval" | "needs_approval" | "needs-approval"
        | "approval_required" | "approval-required" => Some("require_approval"),
        _ => None,
    }
}

/// The domain that another tool's word is for.
pub(super) fn meant_domain(word: &str) -> Option<Domain> {
    match word.to_lowercase().as_str() {
        "user" | "principal" | "caller" | "agent" | "subject" | "identity" | "who" => {
            Some(Domain::Actor)
        }
        "resource" | "request" | "input" | "params" | "args" | "operation" | "tool" | "what" => {
            Some(Domain::Action)
        }
        "context" | "ctx" | "state" | "env" | "environment" | "world" | "system" => {
            Some(Domain::Snapshot)
        }
        _ => None,
    }
}

/// The operator that another tool's word is for.
pub(super) fn meant_operator(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "eq" | "equal" | "is" | "equal_to" | "equals_to" => "equals",
        "ne" | "neq" | "not_equal" | "differs" => "not_equals",
        "gt" | "over" | "above" | "exceeds" | "more_than" => "greater_than",
        "gte" | "ge" | "at_least" => "greater_than_or_equal",
        "lt" | "under" | "below" => "less_than",
        "lte" | "le" | "at_most" => "less_than_or_equal",
        "one_of" | "oneof" | "any_of" | "is_in" | "member_of" => "in",
        "none_of" | "nin" | "notin" => "not_in",
        "regex" | "regexp" | "like" | "match" | "matches_regex" => "matches",
        "includes" | "include" | "has" => "contains",
        "begins_with" | "has_prefix" | "hasprefix" | "prefix" => "starts_with",
        "has_suffix" | "hassuffix" | "suffix" => "ends_with",
        "present" | "exist" | "defined" | "is_set" => "exists",
        "absent" | "undefined" | "null" | "missing" => "not_exists",
        "cidr" | "in_cidr" | "ip_in" => "in_network",
        "intersects" | "overlaps" => "contains_any",
        "superset_of" => "contains_all",
        _ => return None,
    })
}

/// The type that another tool's word is for, and what to write where it is more than its name.
pub(super) fn meant_type(word: &str) -> Option<String> {
    let name = match word.to_lowercase().as_str() {
        "int" | "int32" | "int64" | "long" | "uint" => "integer",
        "float" | "float64" | "double" | "decimal" | "num" => "number",
        "bool" => "boolean",
        "str" | "text" | "uuid" | "email" | "url" | "uri" | "char" => "string",
        "dict" => "map",
        "datetime" | "date" | "time" | "instant" => "timestamp",
        "enum" => return Some("write `{type: string, enum: [..]}`".to_owned()),
        "array" | "set" => return Some("did you mean `list`?".to_owned()),
        word => {
            let item = word.strip_suffix("[]").or_else(|| {
                word.split_once(['<', '[']).and_then(|(_, rest)| {
                    rest.strip_suffix(['>', ']']).filter(|item| !item.contains(','))
                })
            })?;
            return Some(format!("write `{{type: list, items: {item}}}`"));
        }
    };
    Some(format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Operator;

    #[test]
    fn words_lead_to_what_there_is() {
        for (_, meant) in KEYWORDS {
            let known = [
                "most_restrictive",
                "first_match",
                "checked",
                "unchecked",
                "shadow",
                "enforce",
                "every",
                "some",
            ];
            assert!(known.contains(meant), "{meant}");
        }
        for word in ["is", "gte", "one_of", "Regex", "absent", "hasPrefix"] {
            assert!(Operator::parse(meant_operator(word).unwrap()).is_some(), "{word}");
        }
        assert_eq!(meant_effect("DENY"), Some("block"));
        assert_eq!(meant_type("string[]").as_deref(), Some("write `{type: list, items: string}`"));
        assert_eq!(
            meant_type("list<number>").as_deref(),
            Some("write `{type: list, items: number}`")
        );
        assert_eq!(meant_type("strin"), None);
    }

    #[test]
    fn keys_are_meant_where_they_may_stand() {
        assert_eq!(
            meant_key("if", &["id", "when"]),
            Some(("when", "did you mean `when`?".to_owned()))
        );
        assert_eq!(meant_key("if", &["id"]), None);
        assert_eq!(meant_key("id", &["rules"]).unwrap().1, RULES_HELP);
    }
}
