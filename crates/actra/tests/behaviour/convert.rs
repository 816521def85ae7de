//! Writing atoms in their other form changes their spelling and nothing else.

use super::support::{cases, first_seed};
use actra::Policy;
use actra_compiler::check::{PolicyDocuments, check};
use actra_compiler::convert::{Conversion, DocumentKind, Form, convert, same_meaning};
use actra_compiler::diagnostic::{Report, Sources};
use actra_compiler::model::CheckedPolicy;
use actra_testkit::generate::{self, Documents, Rng, Style};
use std::fmt::Write as _;

fn to(form: Form, policy: &str) -> Conversion {
    let mut sources = Sources::default();
    let id = sources.add("policy.yaml", policy);
    let mut report = Report::default();
    let converted = convert(&sources, id, DocumentKind::Policy, form, &mut report);
    assert!(!report.has_errors(), "{:?}\n{policy}", report.into_sorted());
    converted.unwrap()
}

fn checked(schema: &str, policy: &str) -> CheckedPolicy {
    let mut sources = Sources::default();
    let (schema, policy) = (sources.add("schema.yaml", schema), sources.add("policy.yaml", policy));
    let documents = PolicyDocuments { schema, policy, more_policies: vec![], governance: None };
    let mut report = Report::default();
    let checked = check(&sources, &documents, &mut report);
    let policy = &sources.files()[1].text;
    checked.unwrap_or_else(|| panic!("{:?}\n{policy}", report.into_sorted())).policy
}

fn identity(schema: &str, policy: &str) -> ([u8; 32], [u8; 32]) {
    let compiled = Policy::from_strings(schema, policy, None).unwrap();
    (compiled.policy_hash(), compiled.program_digest())
}

fn documents(seed: u64) -> (CheckedPolicy, Documents) {
    let policy = generate::policy(seed);
    let style = Style::ALL[(seed % 3) as usize];
    let documents = generate::documents(&policy, style, seed);
    (policy, documents)
}

#[test]
fn generated_policies_stay_the_same_through_both_forms() {
    let first = first_seed();
    let (mut converted, mut kept) = (0, 0);
    for seed in first..first + cases(250) {
        let (_, Documents { schema, policy }) = documents(seed);
        let before = checked(&schema, &policy);
        let hashes = identity(&schema, &policy);
        let short = to(Form::Short, &policy);
        let long = to(Form::Long, &short.text);
        let again = to(Form::Short, &long.text);
        for text in [&short.text, &long.text, &again.text] {
            let context = || format!("seed {seed}\n{policy}\n--- converted\n{text}");
            assert!(same_meaning(&before, &checked(&schema, text)), "{}", context());
            assert_eq!(identity(&schema, text), hashes, "{}", context());
        }
        assert!(long.kept.is_empty(), "seed {seed}: {:?}", long.kept);
        let settled = to(Form::Short, &to(Form::Long, &again.text).text);
        assert_eq!(settled.text, again.text, "seed {seed}: there and back is where one was");
        assert_eq!(again.kept.len(), short.kept.len(), "seed {seed}");
        converted += short.converted + long.converted;
        kept += short.kept.len();
    }
    assert!(converted > 20 * kept && kept > 0, "{converted} converted, {kept} kept");
}

#[test]
fn what_has_the_form_already_is_not_touched() {
    let first = first_seed();
    for seed in first..first + cases(150) {
        let (_, Documents { policy, .. }) = documents(seed);
        for form in [Form::Short, Form::Long] {
            let once = to(form, &policy);
            let twice = to(form, &once.text);
            assert_eq!(twice.text, once.text, "seed {seed}");
            assert_eq!(twice.converted, 0, "seed {seed}");
            assert_eq!(twice.already, once.already + once.converted, "seed {seed}");
            assert_eq!(twice.kept.len(), once.kept.len(), "seed {seed}");
        }
    }
}

/// The document with comments in random places where the grammar takes them: lines of their own,
/// and ends of lines.
fn with_comments(policy: &str, rng: &mut Rng) -> (String, usize) {
    let mut out = String::new();
    let mut count = 0;
    for line in policy.lines() {
        if rng.percent(25) {
            let indent = " ".repeat(rng.below(12));
            writeln!(out, "{indent}# c{count}: not a: 'key' [").unwrap();
            count += 1;
        }
        if rng.percent(15) {
            out.push('\n');
        }
        out.push_str(line);
        if rng.percent(35) {
            write!(out, " # c{count}: {{ \" not a value").unwrap();
            count += 1;
        }
        out.push('\n');
    }
    (out, count)
}

#[test]
fn no_comment_gets_lost_wherever_it_stands() {
    let first = first_seed();
    let (mut converted, mut kept_for_comments) = (0, 0);
    for seed in first..first + cases(250) {
        let (_, Documents { schema, policy }) = documents(seed);
        let (policy, count) = with_comments(&policy, &mut Rng::new(seed ^ 0x00c0_ffee));
        let hashes = identity(&schema, &policy);
        let mut text = policy.clone();
        for form in [Form::Short, Form::Long, Form::Short] {
            let conversion = to(form, &text);
            converted += conversion.converted;
            kept_for_comments += conversion
                .kept
                .iter()
                .filter(|kept| kept.reason == actra::convert::Reason::Comment)
                .count();
            text = conversion.text;
            for number in 0..count {
                let comment = format!("# c{number}: ");
                let found = text.matches(&comment).count();
                assert_eq!(found, 1, "seed {seed}: {comment}\n{policy}\n--- converted\n{text}");
            }
            assert_eq!(identity(&schema, &text), hashes, "seed {seed}\n{policy}\n---\n{text}");
        }
    }
    assert!(converted > kept_for_comments && kept_for_comments > 0, "{converted}");
}

#[test]
fn line_breaks_stay_as_they_are() {
    let first = first_seed();
    for seed in first..first + cases(80) {
        let (_, Documents { policy, .. }) = documents(seed);
        for form in [Form::Short, Form::Long] {
            let unix = to(form, &policy).text;
            let windows = to(form, &policy.replace('\n', "\r\n")).text;
            assert_eq!(windows, unix.replace('\n', "\r\n"), "seed {seed}");
        }
    }
}

#[test]
fn a_diff_says_what_changes() {
    let first = first_seed();
    for seed in first..first + cases(80) {
        let (_, Documents { policy, .. }) = documents(seed);
        for form in [Form::Short, Form::Long] {
            let conversion = to(form, &policy);
            let diff = conversion.unified_diff(&policy, "policy.yaml");
            assert_eq!(diff.is_empty(), policy == conversion.text, "seed {seed}");
            assert_eq!(patched(&policy, &diff), conversion.text, "seed {seed}\n{diff}");
        }
    }
}

/// Applies a unified diff.
fn patched(before: &str, diff: &str) -> String {
    let lines: Vec<&str> = before.split_inclusive('\n').collect();
    let (mut out, mut at) = (String::new(), 0);
    for line in diff.split_inclusive('\n').skip(2) {
        if let Some(hunk) = line.strip_prefix("@@ -") {
            let start: usize = hunk.split(',').next().unwrap().parse().unwrap();
            out.extend(lines[at..start - 1].iter().copied());
            at = start - 1;
            continue;
        }
        let (sign, text) = line.split_at(1);
        match sign {
            "+" => out.push_str(text),
            " " | "-" => {
                assert_eq!(lines[at], text);
                at += 1;
                if sign == " " {
                    out.push_str(text);
                }
            }
            other => panic!("{other:?}"),
        }
    }
    out.extend(lines[at..].iter().copied());
    out
}
