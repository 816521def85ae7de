//! Writes what a line says of a decision.

use super::chain::FRAME;
use super::entry::{Entry, ErrorEntry, Input};
use super::mask::{Active, Found, HashOf, Masks, Treatment};
use crate::InputValue;
use actra_bytecode::format::timestamp;
use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes of a line, at most: what `actra replay` reads. An input that would make a line larger is
/// left out.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// Levels that a value may have; what is deeper is left out.
const MAX_DEPTH: usize = 128;

/// Writes the entry's fields, from its id to its duration, with masks heeded.
pub(super) fn write(out: &mut Vec<u8>, entry: &Entry<'_>, id: &str, masks: &Masks) {
    head(out, entry, id);
    let (start, mut hits) = (out.len(), Hits::default());
    out.extend_from_slice(b",\"input\":");
    let is_written = match entry.input {
        Input::None => false,
        Input::Value(value) => {
            Writer { out, masks, hits: &mut hits }.value(value, masks.all(), 0, 0);
            true
        }
        Input::Json(text) => Writer { out, masks, hits: &mut hits }.text(text),
    };
    if !is_written {
        out.truncate(start);
        out.extend_from_slice(b",\"input\":null");
    }
    list(out, "masked", hits.removed, masks);
    list(out, "hashed", hits.hashed, masks);
    let tail = tail(entry, masks);
    if out.len() + tail.len() + FRAME > MAX_LINE_BYTES {
        out.truncate(start);
        out.extend_from_slice(b",\"input\":null,\"left_out\":\"too_large\"");
    }
    out.extend_from_slice(&tail);
}

fn head(out: &mut Vec<u8>, entry: &Entry<'_>, id: &str) {
    out.extend_from_slice(b"\"id\":");
    string(out, id);
    out.extend_from_slice(b",\"time\":");
    string(out, &time(entry.time));
    match &entry.policy_hash {
        Some(hash) => {
            out.extend_from_slice(b",\"policy_hash\":\"");
            out.extend_from_slice(crate::hex(hash).as_bytes());
            out.push(b'"');
        }
        None => out.extend_from_slice(b",\"policy_hash\":null"),
    }
    out.extend_from_slice(format!(",\"revision\":{}", entry.revision).as_bytes());
}

fn tail(entry: &Entry<'_>, masks: &Masks) -> Vec<u8> {
    let mut out = b",\"decision\":".to_vec();
    match &entry.outcome {
        Ok(decision) => json(&mut out, decision),
        Err(ErrorEntry { code, field }) => {
            out.extend_from_slice(b"{\"error\":{\"code\":");
            string(&mut out, code);
            out.extend_from_slice(b",\"field\":");
            json(&mut out, &field.and_then(|field| masks.name(field)));
            out.extend_from_slice(b"}}");
        }
    }
    let nanos = entry.duration.as_nanos();
    let text = format!(",\"duration_ms\":{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
    out.extend_from_slice(text.as_bytes());
    out
}

/// An instant as lines have it: RFC 3339 in UTC, to the microsecond.
pub(super) fn time(time: SystemTime) -> String {
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |it| -it),
    };
    let mut text = String::with_capacity(32);
    // Writing to a string cannot fail.
    let _ = timestamp::format(micros, &mut text);
    text
}

/// Masks that have hidden something: a bit each.
#[derive(Default)]
struct Hits {
    removed: u64,
    hashed: u64,
}

fn list(out: &mut Vec<u8>, name: &str, hits: u64, masks: &Masks) {
    if hits == 0 {
        return;
    }
    let indexes = (0..u64::BITS as usize).filter(|index| hits >> index & 1 == 1);
    let paths: Vec<&str> = indexes.map(|index| masks.path(index)).collect();
    out.extend_from_slice(format!(",\"{name}\":").as_bytes());
    json(out, &paths);
}

fn json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    let start = out.len();
    // Decisions, texts and finite numbers always serialise.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    json(out, &text);
}

/// Writes an input.
struct Writer<'w> {
    out: &'w mut Vec<u8>,
    masks: &'w Masks,
    hits: &'w mut Hits,
}

impl Writer<'_> {
    /// `steps` is how many keys lead here, `depth` how deep it is: a list is a level, and no step.
    fn value(&mut self, value: &InputValue, active: Active, steps: usize, depth: usize) {
        if depth > MAX_DEPTH {
            return self.out.extend_from_slice(b"null");
        }
        match value {
            InputValue::Null => self.out.extend_from_slice(b"null"),
            InputValue::Boolean(value) => json(self.out, value),
            InputValue::Integer(value) => json(self.out, value),
            InputValue::BigInteger(value) | InputValue::Float(value) if value.is_finite() => {
                json(self.out, value);
            }
            InputValue::BigInteger(value) | InputValue::Float(value) => {
                string(self.out, &value.to_string());
            }
            InputValue::Instant(micros) => {
                let mut text = String::new();
                // Writing to a string cannot fail.
                let _ = timestamp::format(*micros, &mut text);
                string(self.out, &text);
            }
            InputValue::String(text) => string(self.out, text),
            InputValue::List(items) => {
                self.out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.value(item, active, steps, depth + 1);
                }
                self.out.push(b']');
            }
            InputValue::Object(members) => {
                self.out.push(b'{');
                let mut is_first = true;
                for (key, value) in members {
                    let found = self.masks.step(active, steps, key);
                    let Some(below) = self.key(&mut is_first, key, found) else { continue };
                    match below {
                        Below::Open(active) => self.value(value, active, steps + 1, depth + 1),
                        Below::Hash => self.hash_value(value),
                    }
                }
                self.out.push(b'}');
            }
        }
    }

    /// Writes a key, unless what it leads to is left out.
    fn key(&mut self, is_first: &mut bool, key: &str, found: Found) -> Option<Below> {
        let below = match found {
            Found::Below(active) => Below::Open(active),
            Found::Here(index, Treatment::Remove) => {
                self.hits.removed |= 1 << index;
                return None;
            }
            Found::Here(index, Treatment::Hash) => {
                self.hits.hashed |= 1 << index;
                Below::Hash
            }
        };
        if !std::mem::take(is_first) {
            self.out.push(b',');
        }
        string(self.out, key);
        self.out.push(b':');
        Some(below)
    }

    fn hash_value(&mut self, value: &InputValue) {
        let hash = if let InputValue::String(text) = value {
            self.masks.hash(HashOf::Text, text.as_bytes())
        } else {
            let (mut bytes, none) = (Vec::new(), Masks::default());
            let mut writer = Writer { out: &mut bytes, masks: &none, hits: &mut Hits::default() };
            writer.value(value, none.all(), 0, 0);
            self.masks.hash(HashOf::Json, &bytes)
        };
        string(self.out, &hash);
    }

    /// Writes JSON text; `false`: it is none.
    fn text(&mut self, text: &[u8]) -> bool {
        let Ok(raw) = serde_json::from_slice::<&RawValue>(text) else { return false };
        self.raw(raw, self.masks.all(), 0, 0).is_ok()
    }

    fn raw(
        &mut self,
        raw: &RawValue,
        active: Active,
        steps: usize,
        depth: usize,
    ) -> Result<(), serde_json::Error> {
        let text = raw.get();
        if depth > MAX_DEPTH {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        let mut read = serde_json::Deserializer::from_str(text);
        match text.as_bytes().first() {
            _ if active.is_empty() => compact(self.out, text),
            Some(b'{') => {
                self.out.push(b'{');
                read.deserialize_map(Members { writer: self, active, steps, depth })?;
                self.out.push(b'}');
            }
            Some(b'[') => {
                self.out.push(b'[');
                read.deserialize_seq(Items { writer: self, active, steps, depth })?;
                self.out.push(b']');
            }
            _ => compact(self.out, text),
        }
        Ok(())
    }

    fn hash_raw(&mut self, raw: &RawValue) -> Result<(), serde_json::Error> {
        let text = raw.get();
        let hash = if text.starts_with('"') {
            let text: Cow<'_, str> = serde_json::from_str(text)?;
            self.masks.hash(HashOf::Text, text.as_bytes())
        } else {
            let mut bytes = Vec::new();
            compact(&mut bytes, text);
            self.masks.hash(HashOf::Json, &bytes)
        };
        string(self.out, &hash);
        Ok(())
    }
}

/// What follows a key.
enum Below {
    /// The value, with these masks.
    Open(Active),
    /// A hash of it.
    Hash,
}

struct Members<'m, 'w> {
    writer: &'m mut Writer<'w>,
    active: Active,
    steps: usize,
    depth: usize,
}

impl<'de> Visitor<'de> for Members<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { writer, active, steps, depth } = self;
        let mut is_first = true;
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            let found = writer.masks.step(active, steps, &key);
            let Some(below) = writer.key(&mut is_first, &key, found) else { continue };
            match below {
                Below::Open(active) => writer.raw(value, active, steps + 1, depth + 1),
                Below::Hash => writer.hash_raw(value),
            }
            .map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

struct Items<'m, 'w> {
    writer: &'m mut Writer<'w>,
    active: Active,
    steps: usize,
    depth: usize,
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { writer, active, steps, depth } = self;
        let mut is_first = true;
        while let Some(item) = items.next_element::<&RawValue>()? {
            if !std::mem::take(&mut is_first) {
                writer.out.push(b',');
            }
            writer.raw(item, active, steps, depth + 1).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// JSON without spaces and line breaks between its tokens.
fn compact(out: &mut Vec<u8>, text: &str) {
    let (mut is_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        if is_string {
            if is_escaped {
                is_escaped = false;
            } else if byte == b'\\' {
                is_escaped = true;
            } else if byte == b'"' {
                is_string = false;
            }
        } else if byte == b'"' {
            is_string = true;
        } else if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            continue;
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decision, Effect};
    use std::time::Duration;
    use zeroize::Zeroizing;

    fn masks(remove: &[&str], hash: &[&str]) -> Masks {
        let own = |list: &[&str]| list.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let key = Some(Zeroizing::new(b"0123456789abcdef".to_vec()));
        Masks::new(&own(remove), &own(hash), key).unwrap()
    }

    fn decision() -> Decision {
        Decision {
            effect: Effect::Block,
            matched_rule: None,
            matched_rules: Vec::new(),
            message: None,
            required_actions: Vec::new(),
            missing: Vec::new(),
            shadow: None,
        }
    }

    fn entry<'e>(input: Input<'e>, decision: &'e Decision) -> Entry<'e> {
        Entry {
            id: None,
            time: UNIX_EPOCH + Duration::from_millis(1500),
            policy_hash: Some([0xab; 32]),
            revision: 7,
            input,
            outcome: Ok(decision),
            duration: Duration::from_nanos(1_234_567),
        }
    }

    fn written(entry: &Entry<'_>, masks: &Masks) -> String {
        let mut out = Vec::new();
        write(&mut out, entry, "x", masks);
        String::from_utf8(out).unwrap()
    }

    /// The input and what follows it, of both doors: they have to agree.
    fn input(text: &str, masks: &Masks) -> String {
        let decision = decision();
        let of_text = written(&entry(Input::Json(text.as_bytes()), &decision), masks);
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let value = InputValue::of(&value).unwrap();
        let of_value = written(&entry(Input::Value(&value), &decision), masks);
        let part = |line: &str| {
            let start = line.find("\"input\"").unwrap();
            line[start..line.find(",\"decision\"").unwrap()].to_owned()
        };
        assert_eq!(part(&of_text), part(&of_value));
        part(&of_text)
    }

    #[test]
    fn a_line_says_what_the_format_says() {
        let decision = decision();
        let entry = entry(Input::Json(b"{\"action\": {\"type\": \"a b\\\" \"}}\n"), &decision);
        assert_eq!(
            written(&entry, &Masks::default()),
            format!(
                "\"id\":\"x\",\"time\":\"1970-01-01T00:00:01.5Z\",\"policy_hash\":\"{}\",\
                 \"revision\":7,\"input\":{{\"action\":{{\"type\":\"a b\\\" \"}}}},\
                 \"decision\":{{\"effect\":\"block\",\"matched_rule\":null}},\"duration_ms\":1.234567",
                "ab".repeat(32)
            )
        );
    }

    #[test]
    fn masked_values_are_left_out_and_named() {
        let text = r#"{"action":{"card":{"cvv":"1","number":"2"},"type":"pay"},"actor":{"email":"a@b","role":"x"},"snapshot":{"list":[{"secret":1,"z":2},{"secret":3}]}}"#;
        assert_eq!(
            input(
                text,
                &masks(&["actor.email", "action.card", "*.list.secret", "actor.phone"], &[])
            ),
            r#""input":{"action":{"type":"pay"},"actor":{"role":"x"},"snapshot":{"list":[{"z":2},{}]}},"masked":["actor.email","action.card","*.list.secret"]"#
        );
        assert_eq!(
            input(text, &masks(&["action.card.*", "actor", "snapshot"], &[])),
            r#""input":{"action":{"card":{},"type":"pay"}},"masked":["action.card.*","actor","snapshot"]"#
        );
        assert_eq!(input(text, &Masks::default()), format!("\"input\":{text}"));
    }

    #[test]
    fn a_hash_is_the_same_for_the_same_value_and_key() {
        let text = r#"{"action":{"a":"x","b":"x","c":1,"d":{"e":[1, "x"]},"f":"\u0078"}}"#;
        let hash = &["action.a", "action.b", "action.c", "action.d", "action.f"];
        let line = input(text, &masks(&[], hash));
        let line: serde_json::Value = serde_json::from_str(&format!("{{{line}}}")).unwrap();
        let of = |key: &str| line["input"]["action"][key].as_str().unwrap().to_owned();
        assert_eq!((of("a"), of("a")), (of("b"), of("f")));
        assert!(of("a").starts_with("hmac:") && of("a").len() == 37);
        assert!(of("c") != of("a") && of("d") != of("c"));
        assert_eq!(line["hashed"].as_array().unwrap().len(), 5);
        let other = Masks::new(&[], &hash.map(str::to_owned), Some(Zeroizing::new(vec![7; 16])));
        assert!(!input(text, &other.unwrap()).contains(&of("a")));
        // The better mask wins.
        let both = input(r#"{"action":{"a":"x"}}"#, &masks(&["action.a"], &["action.a"]));
        assert!(!both.contains("hmac") && both.contains("\"masked\":[\"action.a\"]"), "{both}");
    }

    #[test]
    fn the_hash_is_hmac_sha256() {
        let line = input(r#"{"action":{"a":"x"}}"#, &masks(&[], &["action.a"]));
        // printf sx | openssl dgst -sha256 -hmac 0123456789abcdef
        assert!(line.contains("hmac:3ae73e655939f3b426bb2a3ee136ae59"), "{line}");
    }

    #[test]
    fn no_spelling_gets_past_a_mask() {
        let masks = masks(&["actor.email"], &[]);
        let decision = decision();
        for text in [
            r#"{"actor":{"\u0065mail":"secret"}}"#,
            r#"{"actor":{"email":1,"email":"secret"}}"#,
            r#"{"actor":{"email":"secret"},"actor":{"email":"secret"}}"#,
            "{ \"actor\" :\n[[{\"email\" : \"secret\"}]] }",
            // What is no JSON, or is not UTF-8, is left out.
            r#"{"actor":{"email":"secret"}"#,
            r#"{"actor":{"email":"secret"}} x"#,
        ] {
            let line = written(&entry(Input::Json(text.as_bytes()), &decision), &masks);
            assert!(!line.contains("secret") && !line.contains('\n'), "{line}");
        }
        let line =
            written(&entry(Input::Json(b"{\"actor\":{\"x\":\"secret\xff\"}}"), &decision), &masks);
        assert!(line.contains("\"input\":null"), "{line}");
        // Neither by what it is nested in.
        for levels in [100, 1000, 100_000] {
            let text = format!(
                "{{\"actor\":{}{{\"email\":\"secret\"}}{}}}",
                "[".repeat(levels),
                "]".repeat(levels)
            );
            let line = written(&entry(Input::Json(text.as_bytes()), &decision), &masks);
            assert!(!line.contains("secret"), "{levels}");
        }
    }

    #[test]
    fn numbers_and_other_texts_stay_as_they_were_given() {
        let decision = decision();
        let text = r#"{"action":{"n":12345678901234567890123.10,"e":1E+2,"s":"\u00e9\/ é"}}"#;
        let line =
            written(&entry(Input::Json(text.as_bytes()), &decision), &masks(&["action.x"], &[]));
        assert!(line.contains(&format!("\"input\":{text}")), "{line}");
        let members = vec![
            ("a".to_owned(), InputValue::Float(f64::NAN)),
            ("b".to_owned(), InputValue::Instant(1)),
            ("c".to_owned(), InputValue::BigInteger(1e30)),
        ];
        let value = InputValue::Object(members);
        let line = written(&entry(Input::Value(&value), &decision), &Masks::default());
        assert!(
            line.contains(r#"{"a":"NaN","b":"1970-01-01T00:00:00.000001Z","c":1e+30}"#),
            "{line}"
        );
    }

    #[test]
    fn errors_are_told_by_their_code_and_their_field_is_masked_too() {
        let of = |field: Option<&str>, masks: &Masks| {
            let error = ErrorEntry { code: "wrong_type", field };
            let decision = decision();
            let entry = Entry { outcome: Err(error), ..entry(Input::None, &decision) };
            let line = written(&entry, masks);
            line[line.find("\"decision\"").unwrap()..line.find(",\"duration").unwrap()].to_owned()
        };
        let masks = masks(&["action.labels.*"], &[]);
        let none = r#""decision":{"error":{"code":"wrong_type","field":null}}"#;
        assert_eq!(of(None, &masks), none);
        assert_eq!(
            of(Some("action.labels[\"secret\"]"), &masks),
            r#""decision":{"error":{"code":"wrong_type","field":"action.labels.*"}}"#
        );
        assert_eq!(of(Some("action.labels[secret"), &masks), none);
        assert_eq!(
            of(Some("action.amount"), &masks),
            r#""decision":{"error":{"code":"wrong_type","field":"action.amount"}}"#
        );
    }

    #[test]
    fn an_input_that_is_too_large_for_a_line_is_left_out() {
        let decision = decision();
        let text = format!("{{\"action\":{{\"x\":\"{}\"}}}}", "y".repeat(MAX_LINE_BYTES - 200));
        let line = written(&entry(Input::Json(text.as_bytes()), &decision), &Masks::default());
        assert!(line.len() < 1000 && line.contains("\"input\":null,\"left_out\":\"too_large\""));
        assert!(line.contains("\"effect\":\"block\""));
    }
}
