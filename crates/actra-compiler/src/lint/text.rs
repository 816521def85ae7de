//! Hosts, paths and addresses compared as text.

use super::{Linter, each_atom};
use crate::check::excerpt;
use crate::diagnostic::{Code, Span};
use crate::model::{Atom, FieldRef, Literal, Operand, Operator};
use std::collections::BTreeSet;

pub(super) fn look(linter: &mut Linter<'_>) {
    for at in linter.rules() {
        let Some(condition) = &at.rule.condition else { continue };
        let mut atoms = Vec::new();
        each_atom(condition, &mut |atom, _| {
            if matches!(
                atom.operator,
                Operator::StartsWith | Operator::EndsWith | Operator::Contains
            ) {
                atoms.push(atom);
            }
        });
        for atom in atoms {
            compared(linter, atom);
        }
    }
}

fn compared(linter: &mut Linter<'_>, atom: &Atom) {
    let literals = match &atom.operand {
        Operand::Literal(literal) => std::slice::from_ref(literal),
        Operand::Literals(literals) => literals.as_slice(),
        _ => return,
    };
    let words = words_of(&atom.subject);
    for (index, literal) in literals.iter().enumerate() {
        let Literal::String(text) = literal else { continue };
        let Some((code, message, help)) = judge(atom, &words, text) else { continue };
        if let Some(span) = place(linter, atom, index) {
            linter.warn(code, span, message, &help);
        }
    }
}

/// Where a literal stands; those of a defined list are at the list's name.
fn place(linter: &Linter<'_>, atom: &Atom, index: usize) -> Option<Span> {
    let note = linter.atom_note(atom);
    let literal = note.and_then(|note| note.literals.get(index)).map(|literal| literal.span);
    literal.or_else(|| linter.operand_of(atom))
}

type Judgement = (Code, String, String);

fn judge(atom: &Atom, words: &BTreeSet<String>, text: &str) -> Option<Judgement> {
    let field = excerpt(&atom.subject.to_string());
    let shown = excerpt(text);
    match atom.operator {
        Operator::StartsWith => origin(&field, text)
            .or_else(|| directory(&field, words, text))
            .or_else(|| network(&field, words, text)),
        Operator::EndsWith if is_domain(text) && hints_host(words, text) => {
            let wanted = text.trim_start_matches('.');
            Some(if has(words, &["email", "mail", "sender", "recipient", "recipients"]) {
                (
                    Code::DomainAsText,
                    format!("`{shown}` is the end of `mallory@evil-{shown}`, too"),
                    format!("write `ends_with '@{wanted}'`"),
                )
            } else {
                (
                    Code::DomainAsText,
                    format!("`{shown}` is the end of `evil-{shown}`, too"),
                    format!("write `{field} in_domain ['{wanted}']`"),
                )
            })
        }
        Operator::Contains if is_domain(text) && has(words, HOST_WORDS) => Some((
            Code::DomainAsText,
            format!("`{shown}` may stand anywhere in a URL: in `https://evil.net/?{shown}`, too"),
            format!("write `{field} in_domain ['{}']`", text.trim_start_matches('.')),
        )),
        _ => None,
    }
}

/// A scheme and a host without an end.
fn origin(field: &str, text: &str) -> Option<Judgement> {
    let (scheme, host) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_host = host.contains('.')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    (is_scheme && is_host).then(|| {
        (
            Code::DomainAsText,
            format!("`{}` is the beginning of `{}.evil.net`, too", excerpt(text), excerpt(text)),
            format!(
                "write `{field} in_domain ['{}']`, and `starts_with '{scheme}://'` if the scheme \
                 matters",
                excerpt(host)
            ),
        )
    })
}

fn directory(field: &str, words: &BTreeSet<String>, text: &str) -> Option<Judgement> {
    let is_path = text.starts_with('/')
        && text.len() > 1
        && !text.starts_with("//")
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"*?\\:".contains(&b));
    let segments = text.split('/').filter(|segment| !segment.is_empty()).count();
    if !is_path || (segments < 2 && !has(words, PATH_WORDS)) || has(words, &["command", "cmd"]) {
        return None;
    }
    let shown = excerpt(text);
    let message = if text.ends_with('/') {
        format!("`{shown}../etc` begins with `{shown}`, too, and lies elsewhere")
    } else {
        format!("`{shown}-evil` and `{shown}/../etc` begin with `{shown}`, too")
    };
    let directory = text.trim_end_matches('/');
    Some((Code::PathAsText, message, format!("write `{field} within_path ['{directory}']`")))
}

fn network(field: &str, words: &BTreeSet<String>, text: &str) -> Option<Judgement> {
    let octets = text.strip_suffix('.')?.split('.').collect::<Vec<_>>();
    let are_octets = octets.len() <= 3 && octets.iter().all(|octet| octet.parse::<u8>().is_ok());
    if !are_octets || (octets.len() < 2 && !has(words, ADDRESS_WORDS)) {
        return None;
    }
    let bits = octets.len() * 8;
    let network = format!("{}{}/{bits}", octets.join("."), ".0".repeat(4 - octets.len()));
    let shown = excerpt(text);
    Some((
        Code::NetworkAsText,
        format!(
            "what begins with `{shown}` need not be an address (`{shown}evil.net`), and an \
             address need not begin so (`::ffff:{shown}{}`)",
            ["0.0.1", "0.1", "1"].get(octets.len() - 1).copied().unwrap_or_default()
        ),
        format!("write `{field} in_network ['{network}']`"),
    ))
}

/// A name with a dot, as domains have it. With one at its beginning it is what `ends_with` takes
/// for subdomains, and no surprise.
fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last_is_word = labels
        .last()
        .is_some_and(|last| last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic()));
    labels.len() >= 2 && labels.iter().all(is_label) && last_is_word
}

/// Ends of domains that are no extensions of files.
const DOMAIN_ENDS: [&str; 14] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "io", "dev", "internal", "corp", "example",
    "local", "test",
];

const HOST_WORDS: &[&str] = &[
    "url", "uri", "host", "hostname", "domain", "site", "origin", "endpoint", "referer",
    "referrer", "webhook", "server", "target",
];

const PATH_WORDS: &[&str] =
    &["path", "paths", "file", "files", "filename", "dir", "directory", "folder", "cwd", "root"];

const ADDRESS_WORDS: &[&str] = &["ip", "address", "addr", "host", "client", "remote", "network"];

/// Whether the field or the literal says that a host is meant.
fn hints_host(words: &BTreeSet<String>, text: &str) -> bool {
    let end = text.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_file = has(words, PATH_WORDS) || has(words, &["name", "key", "attachment"]);
    has(words, HOST_WORDS) || (DOMAIN_ENDS.contains(&end.as_str()) && !is_file)
}

fn has(words: &BTreeSet<String>, wanted: &[&str]) -> bool {
    wanted.iter().any(|word| words.contains(*word))
}

/// The words that a field's name is made of: `target_url`, `targetUrl` and `target.url` have two.
fn words_of(field: &FieldRef) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for name in field.path.iter().chain(&field.key) {
        let mut word = String::new();
        for char in name.chars() {
            if !char.is_alphanumeric() || char.is_uppercase() {
                words.insert(std::mem::take(&mut word));
            }
            if char.is_alphanumeric() {
                word.extend(char.to_lowercase());
            }
        }
        words.insert(word);
        words.insert(name.to_lowercase());
    }
    words
}
