//! Values that stay out of the log.

use super::LogError;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Masks of a log, at most: one bit each.
const MAX_MASKS: usize = 64;
/// Bytes of a key, at least.
const MIN_KEY_BYTES: usize = 16;
/// Digits of a hash in the log: 128 bits.
const HASH_BYTES: usize = 16;

/// What becomes of a masked value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It is left out.
    Remove,
    /// A keyed hash stands in its place.
    Hash,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Any,
}

impl Step {
    fn matches(&self, key: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Key(wanted) => wanted == key,
        }
    }
}

/// Whether the steps begin with the parts of a key with dots, as fields of version 1 may have: the mask
/// `action.card.number` hides the field `card.number`, too. Where the mask leads on from there, it hides
/// all that is below.
fn names(steps: &[Step], key: &str) -> bool {
    let mut steps = steps.iter();
    key.contains('.')
        && key.split('.').all(|part| steps.next().is_some_and(|step| step.matches(part)))
}

/// A path and what becomes of what is there.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub(super) path: String,
    steps: Vec<Step>,
    treatment: Treatment,
}

/// All masks of a log.
#[derive(Default)]
pub(super) struct Masks {
    list: Vec<Mask>,
    key: Option<Zeroizing<Vec<u8>>>,
}

/// Masks that may still match below some place: a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Active(u64);

impl Active {
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn indexes(self) -> impl Iterator<Item = usize> {
        (0..MAX_MASKS).filter(move |index| self.0 >> index & 1 == 1)
    }
}

/// What a key leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// Masks that may match further below.
    Below(Active),
    /// A mask matches here: its number.
    Here(usize, Treatment),
}

impl Masks {
    /// Masks by the paths that the host names.
    pub(super) fn new(
        remove: &[String],
        hash: &[String],
        key: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, LogError> {
        let of = |treatment| move |path: &String| Mask::parse(path, treatment);
        let removing = remove.iter().map(of(Treatment::Remove));
        let list = removing.chain(hash.iter().map(of(Treatment::Hash)));
        let list = list.collect::<Result<Vec<_>, _>>()?;
        let wrong = |message: &str| Err(LogError::Options { message: message.to_owned() });
        if list.len() > MAX_MASKS {
            return wrong("a log has 64 masks at most");
        }
        match &key {
            None if !hash.is_empty() => wrong("`hash` needs a `hash_key`"),
            Some(key) if key.len() < MIN_KEY_BYTES => {
                wrong("the `hash_key` is shorter than 16 bytes: anybody could guess")
            }
            _ => Ok(Self { list, key }),
        }
    }

    /// Those that may match in an input.
    pub(super) fn all(&self) -> Active {
        Active(if self.list.len() == MAX_MASKS { u64::MAX } else { (1 << self.list.len()) - 1 })
    }

    /// What a key `depth` levels down leads to.
    pub(super) fn step(&self, active: Active, depth: usize, key: &str) -> Found {
        let mut below = 0;
        let mut here = None;
        for index in active.indexes() {
            let Some(mask) = self.list.get(index) else { break };
            let rest = mask.steps.get(depth..).unwrap_or(&[]);
            match rest.first() {
                Some(step) if names(rest, key) || (rest.len() == 1 && step.matches(key)) => {
                    // Those that remove come first.
                    here = here.or(Some((index, mask.treatment)));
                }
                Some(step) if step.matches(key) => below |= 1 << index,
                _ => {}
            }
        }
        match here {
            Some((index, treatment)) => Found::Here(index, treatment),
            None => Found::Below(Active(below)),
        }
    }

    /// The mask's path as the host wrote it.
    pub(super) fn path(&self, index: usize) -> &str {
        self.list.get(index).map_or("", |mask| &mask.path)
    }

    /// How a field is named in the log: by the mask where one hides it; `None`: nobody can tell
    /// whether one does.
    pub(super) fn name<'m>(&'m self, field: &'m str) -> Option<&'m str> {
        if self.list.is_empty() {
            return Some(field);
        }
        let mut active = self.all();
        for (depth, step) in steps(field)?.iter().enumerate() {
            // What reads as a wildcard is a key of that name.
            let key = if let Step::Key(key) = step { key } else { "*" };
            match self.step(active, depth, key) {
                Found::Here(index, _) => return Some(self.path(index)),
                Found::Below(below) if below.is_empty() => break,
                Found::Below(below) => active = below,
            }
        }
        Some(field)
    }

    /// The hash that stands for a value: of a string its text, of others their JSON.
    pub(super) fn hash(&self, kind: HashOf, bytes: &[u8]) -> String {
        let key = self.key.as_deref().map_or(&[][..], |key| key.as_slice());
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        mac.update(&[kind as u8]);
        mac.update(bytes);
        let bytes = mac.finalize().into_bytes();
        format!("hmac:{}", crate::hex(bytes.get(..HASH_BYTES).unwrap_or_default()))
    }
}

/// What a hash is of.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum HashOf {
    Text = b's',
    Json = b'j',
}

impl Mask {
    fn parse(path: &str, treatment: Treatment) -> Result<Self, LogError> {
        let wrong = |what: &str| LogError::Options { message: format!("mask `{path}`: {what}") };
        let steps = steps(path).ok_or_else(|| {
            wrong("a path is written as `actor.email`, `action.card.*` or `action.labels[\"app/name\"]`")
        })?;
        match steps.first() {
            Some(Step::Key(domain))
                if ["action", "actor", "snapshot"].contains(&domain.as_str()) => {}
            Some(Step::Any) => {}
            // A mask that hides nothing would not be missed.
            _ => return Err(wrong("it begins with `action`, `actor`, `snapshot` or `*`")),
        }
        Ok(Self { path: path.to_owned(), steps, treatment })
    }
}

/// The steps of a path: keys with dots between them, `*` for any key, `["..."]` for a key with
/// other characters, in JSON.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        if let Some(quoted) = rest.strip_prefix('[') {
            if steps.is_empty() {
                return None;
            }
            let mut read = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
            steps.push(Step::Key(read.next()?.ok()?));
            rest = quoted.get(read.byte_offset()..)?.strip_prefix(']')?;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, behind) = rest.split_at_checked(end)?;
            if key.is_empty() || key.contains(['"', ']']) {
                return None;
            }
            steps.push(if key == "*" { Step::Any } else { Step::Key(key.to_owned()) });
            rest = behind;
        }
        if rest.is_empty() {
            return Some(steps);
        }
        if let Some(behind) = rest.strip_prefix('.') {
            rest = behind;
            if rest.is_empty() || rest.starts_with('[') {
                return None;
            }
        } else if !rest.starts_with('[') {
            return None;
        }
    }
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is not shown.
        f.debug_list().entries(self.list.iter().map(|mask| &mask.path)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &str) -> Option<Vec<String>> {
        steps(path).map(|steps| {
            steps
                .into_iter()
                .map(|step| match step {
                    Step::Key(key) => key,
                    Step::Any => "(any)".to_owned(),
                })
                .collect()
        })
    }

    #[test]
    fn paths_are_read_as_fields_are_named() {
        for (path, expected) in [
            ("actor", &["actor"][..]),
            ("actor.email", &["actor", "email"]),
            ("action.card.*", &["action", "card", "(any)"]),
            (r#"action.labels["app/name"].x"#, &["action", "labels", "app/name", "x"]),
            (r#"action["a.b"]["\"]"]"#, &["action", "a.b", "\"]"]),
            ("*.secret", &["(any)", "secret"]),
        ] {
            assert_eq!(keys(path).unwrap(), expected, "{path}");
        }
        for wrong in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "[\"a\"]",
            "a[b]",
            "a[\"b\"",
            "a[\"b\"]c",
            "a.[\"b\"]",
            "a\"b",
        ] {
            assert_eq!(keys(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mask_that_could_hide_nothing_is_refused() {
        let of = |path: &str| Masks::new(&[path.to_owned()], &[], None).map(|_| ());
        assert!(of("actor.email").is_ok() && of("*.email").is_ok());
        let message = of("email").unwrap_err().to_string();
        assert!(message.contains("`email`") && message.contains("`actor`"), "{message}");
        assert!(of("actor..email").is_err());
        let hash = |key: Option<&str>| {
            Masks::new(&[], &["actor.email".to_owned()], key.map(|key| Zeroizing::new(key.into())))
        };
        assert!(hash(None).is_err() && hash(Some("short")).is_err());
        assert!(hash(Some("sixteen bytes ok")).is_ok());
        assert!(Masks::new(&vec!["actor.a".to_owned(); 64], &[], None).is_ok());
        assert!(Masks::new(&vec!["actor.a".to_owned(); 65], &[], None).is_err());
    }

    #[test]
    fn keys_with_dots_are_hidden_as_their_parts_are() {
        let masks =
            ["action.card.number", "action.*.secret", "actor[\"a.b\"].c"].map(str::to_owned);
        let masks = Masks::new(&masks, &[], None).unwrap();
        let under = |domain: &str| match masks.step(masks.all(), 0, domain) {
            Found::Below(active) => active,
            Found::Here(..) => panic!("nothing hides a domain"),
        };
        let hidden = |domain, key| match masks.step(under(domain), 1, key) {
            Found::Here(index, _) => Some(index),
            Found::Below(_) => None,
        };
        assert_eq!(hidden("action", "card.number"), Some(0));
        assert_eq!(hidden("action", "x.secret"), Some(1));
        // What is below stays hidden where the mask leads on.
        let deep = Masks::new(&["action.a.b.c".to_owned()], &[], None).unwrap();
        let Found::Below(active) = deep.step(deep.all(), 0, "action") else { panic!("too early") };
        assert!(matches!(deep.step(active, 1, "a.b"), Found::Here(0, _)));
        for key in ["card", "card.", "card.numbers", ".card.number", "card.name", "secret"] {
            assert_eq!(hidden("action", key), None, "{key}");
        }
        assert_eq!(hidden("actor", "a.b"), None);
        assert_eq!(hidden("actor", "a"), None);
    }

    #[test]
    fn a_field_below_a_mask_is_hidden() {
        let masks = ["actor.email", "action.card", "action.labels.*"].map(str::to_owned);
        let masks = Masks::new(&masks, &[], None).unwrap();
        assert_eq!(masks.name("actor.email"), Some("actor.email"));
        assert_eq!(masks.name("action.card.number"), Some("action.card"));
        assert_eq!(masks.name(r#"action.labels["a/b"]"#), Some("action.labels.*"));
        assert_eq!(masks.name("action.labels.*"), Some("action.labels.*"));
        assert_eq!(masks.name("action.labels"), Some("action.labels"));
        assert_eq!(masks.name("actor.role"), Some("actor.role"));
        assert_eq!(masks.name("action.card]"), None);
        assert_eq!(Masks::default().name("action.card]"), Some("action.card]"));
    }
}
