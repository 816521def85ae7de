//! Paths into an input: `actor`, `action.amount`, `action.customer.tier`,
//! `action.labels["app/name"]`.

use super::shape::excerpt;
use crate::Policy;
use actra_bytecode::ids::SlotId;
use actra_bytecode::program::Domain;
use actra_compiler::diagnostic::suggest;

/// The domains, in their order.
pub(super) const DOMAINS: [Domain; 3] = [Domain::Action, Domain::Actor, Domain::Snapshot];

/// Where in an input a value goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The domain first.
    pub(super) keys: Vec<String>,
    /// Where each key stands in the text.
    places: Vec<(usize, usize)>,
    /// As it is written.
    pub(super) text: String,
}

/// Whether to look for the name that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    Find,
    Skip,
}

/// Why a text is no path, or leads nowhere, and which bytes of it say so.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathFault {
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) place: (usize, usize),
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, PathFault> {
        let mut path = Self { keys: Vec::new(), places: Vec::new(), text: text.to_owned() };
        let mut at = path.name(0)?;
        let domain = path.keys.first().map_or("", String::as_str);
        let names = DOMAINS.map(Domain::as_str);
        if !names.contains(&domain) {
            return Err(PathFault {
                message: format!("a path begins with a domain, and `{}` is none", excerpt(domain)),
                help: Some(suggest(domain, names).map_or_else(
                    || "the domains are `action`, `actor` and `snapshot`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                )),
                place: (0, at),
            });
        }
        while let Some(next) = text.as_bytes().get(at) {
            at = match next {
                b'.' => path.name(at + 1)?,
                _ => path.key(at)?,
            };
        }
        Ok(path)
    }

    /// Reads a name; gives where it ends.
    fn name(&mut self, from: usize) -> Result<usize, PathFault> {
        let rest = self.text.get(from..).unwrap_or("");
        let length = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or("").to_owned();
        let end = from + length;
        if name.is_empty() {
            return Err(fault("a name is missing here", (from, end + 1)));
        }
        self.keys.push(name);
        self.places.push((from, end));
        Ok(end)
    }

    /// Reads a key in brackets and quotes; gives where it ends.
    fn key(&mut self, from: usize) -> Result<usize, PathFault> {
        let rest = self.text.get(from..).unwrap_or("");
        let found = ["'", "\""].into_iter().find_map(|quote| {
            let inner = rest.strip_prefix('[')?.strip_prefix(quote)?;
            let end = inner.find(&format!("{quote}]"))?;
            Some((inner.get(..end)?.to_owned(), from + 2, from + 2 + end))
        });
        let Some((key, start, end)) = found else {
            let help = "brackets hold a key in quotes: `[\"app/name\"]`".to_owned();
            let fault = fault("the key in brackets is not well-formed", (from, self.text.len()));
            return Err(PathFault { help: Some(help), ..fault });
        };
        self.keys.push(key);
        self.places.push((start, end));
        Ok(end + 2)
    }

    /// The domain that it begins with.
    pub(super) fn domain(&self) -> Option<Domain> {
        let name = self.keys.first()?;
        DOMAINS.into_iter().find(|domain| name == domain.as_str())
    }

    /// Whether the path is a domain as a whole.
    pub(super) fn is_domain(&self) -> bool {
        self.keys.len() == 1
    }

    /// Whether the other path is this one, or leads on from where it ends.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.keys.starts_with(&self.keys)
    }

    /// Whether the policy's schema has a place there; perhaps with what was meant, if not.
    pub(super) fn check(&self, policy: &Policy, near: Near) -> Result<(), PathFault> {
        let (program, tree) = (policy.program(), policy.tree());
        let Some(domain) = self.domain() else { return Ok(()) };
        let mut here: Option<SlotId> = None;
        for (index, key) in self.keys.iter().enumerate().skip(1) {
            let next = match here {
                None => tree.in_domain(program, domain, key),
                Some(slot) => tree.member(program, slot, key),
            };
            let place = self.places.get(index).copied().unwrap_or_default();
            match (next, here) {
                (Some(next), _) => here = Some(next),
                (None, Some(slot)) if tree.may_be_map(slot) => {
                    return match self.places.get(index + 1) {
                        None => Ok(()),
                        Some(next) => Err(fault("nothing lies inside a map's value", *next)),
                    };
                }
                (None, Some(slot)) if !tree.may_be_object(slot) => {
                    let name = program.slot_name(slot);
                    let message = format!("nothing lies inside `{}`", excerpt(name));
                    return Err(fault(message, place));
                }
                (None, _) => return Err(self.undeclared(policy, domain, here, index, near)),
            }
        }
        Ok(())
    }

    fn undeclared(
        &self,
        policy: &Policy,
        domain: Domain,
        parent: Option<SlotId>,
        index: usize,
        near: Near,
    ) -> PathFault {
        let (program, tree) = (policy.program(), policy.tree());
        let key = self.keys.get(index).map_or("", String::as_str);
        let around = parent.map_or(domain.as_str(), |slot| program.slot_name(slot));
        let message = format!("the schema names no `{}` in `{}`", excerpt(key), excerpt(around));
        // Version 1 has names with dots.
        let dotted = self.keys.get(index..).unwrap_or_default().join(".");
        let help = if parent.is_none() && tree.in_domain(program, domain, &dotted).is_some() {
            Some(format!("write `{}[\"{dotted}\"]`", domain.as_str()))
        } else if near == Near::Skip {
            None
        } else {
            suggest(key, members(policy, domain, parent))
                .map(|near| format!("did you mean `{near}`?"))
        };
        PathFault { message, help, place: self.places.get(index).copied().unwrap_or_default() }
    }
}

/// The names in a domain, or in an object.
pub(super) fn members(
    policy: &Policy,
    domain: Domain,
    parent: Option<SlotId>,
) -> impl Iterator<Item = &str> {
    let program = policy.program();
    let slots = program.slots().iter();
    slots
        .filter(move |slot| slot.domain == domain && slot.parent == parent)
        .map(|slot| program.text(slot.segment))
}

fn fault(message: impl Into<String>, place: (usize, usize)) -> PathFault {
    PathFault { message: message.into(), help: None, place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_names_and_quoted_keys() {
        for (text, keys) in [
            ("actor", &["actor"] as &[_]),
            ("action.amount", &["action", "amount"]),
            ("action.customer.tier", &["action", "customer", "tier"]),
            ("action.labels[\"app/name\"]", &["action", "labels", "app/name"]),
            ("action['a.b'].c", &["action", "a.b", "c"]),
            ("snapshot.max-größe", &["snapshot", "max-größe"]),
            ("action.labels[\"x']\"]", &["action", "labels", "x']"]),
        ] {
            assert_eq!(Path::parse(text).unwrap().keys, keys, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_marked() {
        for (text, place) in [
            ("", (0, 1)),
            ("acton.amount", (0, 5)),
            ("action.", (7, 8)),
            ("action..x", (7, 8)),
            ("action.labels[x]", (13, 16)),
            ("action.labels[\"x", (13, 16)),
            ("action.labels[\"x\"]y", (18, 19)),
        ] {
            assert_eq!(Path::parse(text).unwrap_err().place, place, "{text}");
        }
    }
}
