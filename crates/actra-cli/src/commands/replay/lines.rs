//! Lines of JSON: where the input of each is, and the decision that is recorded beside it.

use super::outcome::Outcome;
use super::tally::{Names, Rule, Verdict};
use actra::{Effect, InputCode, InputError};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Keys that hold the input, where a line is none itself.
pub(super) const INPUT_KEYS: [&str; 2] = ["context", "input"];

/// Paths of the recorded effect, where none is asked for.
pub(super) const EFFECT_PATHS: [&str; 2] = ["decision.effect", "effect"];

/// The key of the rule, beside that of the effect.
pub(super) const RULE_KEY: &str = "matched_rule";

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Where it usually is.
    Auto,
    /// Nowhere; of an input: the line as a whole is it.
    None,
    /// Below these keys.
    Path(Vec<String>),
}

impl Place {
    /// As the command line says it.
    pub(super) fn of(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "none" => Some(Self::None),
            path if path.split('.').any(str::is_empty) => None,
            path => Some(Self::Path(path.split('.').map(str::to_owned).collect())),
        }
    }
}

/// Where lines have what is asked of them.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) input: Place,
    pub(super) recorded: Place,
}

/// A line in parts.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    /// The text of the input.
    pub(super) input: Result<&'t [u8], InputError>,
    pub(super) recorded: Verdict,
}

impl Layout {
    /// Finds the parts. A line that is no JSON object is handed on as it is: whoever reads inputs
    /// says best what is wrong with it.
    pub(super) fn split<'t>(&self, line: &'t [u8], names: &mut Names) -> Parts<'t> {
        let nothing = Verdict::without_rule(Outcome::Unrecorded);
        let is_input = match self.input {
            Place::None => true,
            Place::Auto => begins_with_action(line),
            Place::Path(_) => false,
        };
        if is_input && self.recorded == Place::None {
            return Parts { input: Ok(line), recorded: nothing };
        }
        let Ok(text) = std::str::from_utf8(line) else {
            return Parts { input: Ok(line), recorded: nothing };
        };
        // The whole line is read either way, so that one that is cut off is seen to be.
        let usual = match (&self.input, &self.recorded) {
            (Place::Auto, _) | (_, Place::Auto) => Some(Usual::read(text)),
            _ => None,
        };
        let input = match (&self.input, &usual) {
            (Place::Path(path), _) => descend(text, path),
            (Place::Auto, Some(usual)) if !is_input => usual.input(text),
            _ => Ok(Some(text)),
        };
        let input = match input {
            Ok(Some(input)) => Ok(input.as_bytes()),
            Ok(None) => Err(malformed(match &self.input {
                Place::Path(path) => format!("the line has no `{}`", path.join(".")),
                _ => "the line has no `action`, and no `context` or `input` with one".to_owned(),
            })),
            Err(fault) => Err(fault.into()),
        };
        let recorded = match (&self.recorded, &usual) {
            (Place::Auto, Some(usual)) => usual.recorded(names),
            (Place::Path(path), _) => match path.split_last() {
                Some((effect, holder)) => recorded(text, holder, effect, names),
                None => Ok(nothing),
            },
            _ => Ok(nothing),
        };
        // A line that is no JSON has no recorded decision, and an input that says so.
        Parts { input, recorded: recorded.unwrap_or(nothing) }
    }
}

/// The most common case, seen without reading on.
fn begins_with_action(line: &[u8]) -> bool {
    line.trim_ascii_start()
        .strip_prefix(b"{")
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"action\""))
}

/// Whether a line is one of a decision log that holds no decision: a header, or what the log says of
/// itself. They begin like that to the byte.
pub(super) fn is_of_log(line: &[u8]) -> bool {
    let kinds = ["log", "dropped", "recovered", "closed"];
    line.strip_prefix(b"{\"actra\":\"").is_some_and(|rest| {
        kinds.iter().any(|kind| {
            rest.strip_prefix(kind.as_bytes()).is_some_and(|rest| rest.starts_with(b"\",\"seq\":"))
        })
    })
}

/// What stands in the usual places of a line, found in one pass; `Err`: it is no JSON object, or a
/// key stands twice.
struct Usual<'t>(Result<[Option<&'t str>; 7], String>);

impl<'t> Usual<'t> {
    fn read(text: &'t str) -> Self {
        let [context, input] = INPUT_KEYS;
        let keys = ["action", context, input, "decision", "effect", RULE_KEY, "error"];
        Self(members(text, keys).map_err(|fault| InputError::from(fault).message))
    }

    fn input(&self, text: &'t str) -> Result<Option<&'t str>, Fault> {
        match &self.0 {
            Ok([Some(_), ..]) => Ok(Some(text)),
            Ok([None, context, input, ..]) => Ok(context.or(*input)),
            Err(message) => Err(Fault::Told(message.clone())),
        }
    }

    fn recorded(&self, names: &mut Names) -> Result<Verdict, Fault> {
        match &self.0 {
            Ok([_, _, _, Some(decision), ..]) if decision.starts_with('{') => {
                recorded(decision, &[], "effect", names)
            }
            Ok([_, _, _, _, effect, rule, error]) => recorded_in([*effect, *rule, *error], names),
            Err(message) => Err(Fault::Told(message.clone())),
        }
    }
}

fn recorded(
    text: &str,
    holder: &[String],
    effect: &str,
    names: &mut Names,
) -> Result<Verdict, Fault> {
    let Some(text) = descend(text, holder)? else {
        return Ok(Verdict::without_rule(Outcome::Unrecorded));
    };
    if !text.starts_with('{') {
        return Ok(Verdict::without_rule(Outcome::Unrecorded));
    }
    recorded_in(members(text, [effect, RULE_KEY, "error"])?, names)
}

/// The decision of an object's effect, rule and error.
fn recorded_in(
    [effect, rule, error]: [Option<&str>; 3],
    names: &mut Names,
) -> Result<Verdict, Fault> {
    let effect = effect.filter(|text| *text != "null");
    if let (None, Some(error)) = (effect, error.filter(|text| text.starts_with('{'))) {
        let [code] = members(error, ["code"])?;
        let code = code.and_then(string);
        return Ok(verdict_of(None, code.as_deref(), None, names));
    }
    let Some(effect) = effect else {
        return Ok(Verdict::without_rule(Outcome::Unrecorded));
    };
    let rule = rule.and_then(string);
    // What is no string is no effect, either.
    let effect = string(effect).unwrap_or_default();
    Ok(verdict_of(Some(&effect), None, rule.as_deref(), names))
}

/// What is recorded, by the texts that stand there.
pub(super) fn verdict_of(
    effect: Option<&str>,
    error: Option<&str>,
    rule: Option<&str>,
    names: &mut Names,
) -> Verdict {
    let Some(effect) = effect else {
        let Some(error) = error else { return Verdict::without_rule(Outcome::Unrecorded) };
        let code = InputCode::ALL.iter().find(|code| code.as_str() == error);
        return Verdict::without_rule(
            code.map_or(Outcome::Unreadable, |code| Outcome::Error(*code)),
        );
    };
    let known = [Effect::Allow, Effect::RequireApproval, Effect::Block];
    match known.into_iter().find(|known| known.as_str() == effect) {
        None => Verdict::without_rule(Outcome::Unreadable),
        Some(effect) => Verdict {
            outcome: Outcome::Decided(effect),
            rule: rule.map_or(Rule::None, |rule| names.rule(rule)),
        },
    }
}

fn string(text: &str) -> Option<Cow<'_, str>> {
    let plain = text.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        return serde_json::from_str(text).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(plain))
}

fn descend<'t>(text: &'t str, path: &[String]) -> Result<Option<&'t str>, Fault> {
    let mut text = text;
    for (depth, key) in path.iter().enumerate() {
        if !text.trim_start().starts_with('{') {
            // Of the line itself that is an error, further in it is something else.
            return if depth == 0 { Err(Fault::Other) } else { Ok(None) };
        }
        let [found] = members(text, [key.as_str()])?;
        let Some(found) = found else { return Ok(None) };
        text = found;
    }
    Ok(Some(text))
}

/// Why a line has no parts.
#[derive(Debug)]
enum Fault {
    /// It is no JSON, or a key stands twice.
    Json(serde_json::Error),
    /// It has been said what.
    Told(String),
    /// It is no object.
    Other,
}

impl From<Fault> for InputError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Json(error) => malformed(error.to_string()),
            Fault::Told(message) => malformed(message),
            Fault::Other => malformed("the line is no JSON object".to_owned()),
        }
    }
}

fn malformed(message: String) -> InputError {
    InputError { code: InputCode::Malformed, field: None, message }
}

/// The texts of some members of a JSON object. All of it is read.
fn members<'t, const N: usize>(
    text: &'t str,
    keys: [&str; N],
) -> Result<[Option<&'t str>; N], Fault> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = Members(keys).deserialize(&mut deserializer).map_err(Fault::Json)?;
    deserializer.end().map_err(Fault::Json)?;
    Ok(found)
}

struct Members<'k, const N: usize>([&'k str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Members<'_, N> {
    type Value = [Option<&'de str>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(index) = map.next_key_seed(Key(&self.0))? {
            match index.and_then(|index| Some((index, found.get_mut(index)?))) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some((index, Some(_))) => {
                    let key = self.0.get(index).unwrap_or(&"");
                    return Err(A::Error::custom(format!("the key `{key}` stands twice")));
                }
                Some((_, place)) => *place = Some(map.next_value::<&RawValue>()?.get()),
            }
        }
        Ok(found)
    }
}

/// Which of the keys it is.
struct Key<'k>(&'k [&'k str]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| *wanted == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(input: &str, recorded: &str, line: &str) -> (Result<String, InputCode>, Outcome) {
        let layout =
            Layout { input: Place::of(input).unwrap(), recorded: Place::of(recorded).unwrap() };
        let parts = layout.split(line.as_bytes(), &mut Names::default());
        let input = parts.input.map(|text| String::from_utf8(text.to_vec()).unwrap());
        (input.map_err(|error| error.code), parts.recorded.outcome)
    }

    #[test]
    fn an_input_is_the_line_or_what_a_key_of_it_holds() {
        let bad = Err(InputCode::Malformed);
        for (key, line, input) in [
            ("auto", r#"{"action": {}}"#, Ok(r#"{"action": {}}"#)),
            ("auto", r#"{"id": 1, "action": {}, "context": 2}"#, Ok("")),
            ("auto", r#" {"id": 1, "input": {"action": {}}}"#, Ok(r#"{"action": {}}"#)),
            ("auto", r#"{"context": {"a": "}"}, "input": 1}"#, Ok(r#"{"a": "}"}"#)),
            ("auto", r#"{"\u0069nput": [1]}"#, Ok("[1]")),
            ("auto", r#"{"id": 1}"#, bad),
            ("auto", r#"{"context": {}, "context": {}}"#, bad),
            ("auto", r#"{"context": {}, "decision": {"eff"#, bad),
            ("auto", r#"{"context": {}} {}"#, bad),
            ("auto", "[1]", bad),
            ("a.b", r#"{"a": {"b": {}}, "action": {}}"#, Ok("{}")),
            ("a.b", r#"{"a": 1, "action": {}}"#, bad),
            ("a.b", r#"{"action": {}}"#, bad),
            ("a", "3", bad),
            ("none", r#"{"context": {}}"#, Ok("")),
            ("none", "nonsense", Ok("")),
        ] {
            // An empty expectation stands for the line.
            let input = input.map(|text| if text.is_empty() { line } else { text }.to_owned());
            assert_eq!(split(key, "none", line).0, input, "{key}: {line}");
        }
    }

    #[test]
    fn a_recorded_decision_is_where_it_is_said_to_be() {
        let decided = Outcome::Decided;
        for (path, line, outcome) in [
            (
                "auto",
                r#"{"decision": {"effect": "block"}, "effect": "allow"}"#,
                decided(Effect::Block),
            ),
            ("auto", r#"{"decision": 3, "effect": "allow"}"#, decided(Effect::Allow)),
            ("auto", r#"{"decision": {"effect": "ALLOW"}}"#, Outcome::Unreadable),
            ("auto", r#"{"decision": {"effect": 1}}"#, Outcome::Unreadable),
            ("auto", r#"{"decision": {"effect": null}}"#, Outcome::Unrecorded),
            ("auto", r#"{"decision": {}}"#, Outcome::Unrecorded),
            (
                "auto",
                r#"{"decision": {"error": {"code": "wrong_type"}}}"#,
                Outcome::Error(InputCode::WrongType),
            ),
            ("auto", r#"{"decision": {"error": {"code": "x"}}}"#, Outcome::Unreadable),
            ("r.e", r#"{"r": {"e": "require_approval"}}"#, decided(Effect::RequireApproval)),
            ("r.e", r#"{"r": "allow"}"#, Outcome::Unrecorded),
            ("r.e", r#"{"effect": "allow"}"#, Outcome::Unrecorded),
            ("none", r#"{"effect": "allow"}"#, Outcome::Unrecorded),
            ("auto", r#"{"effect": "allow""#, Outcome::Unrecorded),
        ] {
            assert_eq!(split("none", path, line).1, outcome, "{path}: {line}");
        }
        assert_eq!(Place::of("a..b"), None);
    }
}
