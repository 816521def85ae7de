//! Governance: held as the language page says, and without a trace in what is compiled.

use super::support::{cases, decide, first_seed};
use actra::diagnostic::{Code, Severity, Style as Rendering};
use actra::{CompileError, Policy, UnknownFields};
use actra_compiler::model::LanguageVersion;
use actra_testkit::generate::{self, Style};
use actra_testkit::reference::governance::{Violations, violations};

/// The violations that a compile error lists.
fn listed(error: &CompileError) -> Violations {
    let between = |text: &str, before: &str| {
        let (_, rest) = text.split_once(before)?;
        rest.split_once('`').map(|(name, _)| name.to_owned())
    };
    error
        .diagnostics()
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            assert_eq!(diagnostic.code, Code::GovernanceViolated, "{error}");
            let message = &diagnostic.message;
            (between(message, "governance rule `").unwrap(), between(message, "for action `"))
        })
        .collect()
}

#[test]
fn what_is_violated_is_what_the_reference_says() {
    let first = first_seed();
    let (mut held, mut broken) = (0_u32, 0_u32);
    for seed in first..first + cases(400) {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::ALL[seed as usize % 3], seed);
        for version in [LanguageVersion::V1, LanguageVersion::V2] {
            let governance = generate::governance(seed, &checked, version);
            let text = generate::governance_text(&governance);
            let expected = violations(&checked, &governance);
            let policy = Policy::from_strings(&documents.schema, &documents.policy, Some(&text));
            let found = match &policy {
                Ok(_) => Violations::new(),
                Err(error) => listed(error),
            };
            assert_eq!(
                found, expected,
                "seed {seed}\n{}\n{}\n{text}",
                documents.schema, documents.policy
            );
            held += u32::from(found.is_empty());
            broken += u32::from(!found.is_empty());
        }
    }
    assert!(held > 20 && broken > 20, "{held} held, {broken} broken: the property tells little");
}

#[test]
fn governance_changes_neither_hash_nor_program_nor_decisions() {
    let first = first_seed();
    let mut compared = 0_u32;
    for seed in first..first + cases(150) {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::Short, seed);
        let text =
            generate::governance_text(&generate::governance(seed, &checked, LanguageVersion::V2));
        let (schema, policy) = (documents.schema.as_str(), documents.policy.as_str());
        let Ok(governed) = Policy::from_strings(schema, policy, Some(&text)) else { continue };
        let free = Policy::from_strings(schema, policy, None).unwrap();
        assert_eq!(governed.policy_hash(), free.policy_hash());
        assert_eq!(governed.program_digest(), free.program_digest());
        let mut evaluators = [&governed, &free].map(|one| one.evaluator(UnknownFields::Ignore));
        for number in 0..4 {
            let input = generate::input(seed.wrapping_mul(7_919) ^ number, &checked);
            let [one, other] = evaluators.each_mut().map(|evaluator| decide(evaluator, &input));
            assert_eq!(one, other, "seed {seed}");
        }
        compared += 1;
    }
    assert!(compared > 10, "{compared} policies are too few");
}

const SCHEMA: &str = "version: 1\nactions: {refund: {fields: {amount: number}}}\n";
const POLICY: &str = "version: 2\nrules:\n  - {id: small, scope: {action: refund}, when: \
                      action.amount < 10, effect: allow}\n";
const BROKEN: &str = "version: 2\ngovernance:\n  rules:\n    - {id: need_block, select: {where: \
                      {effect: block}}, must: {exists: true}, error: Something has to be blocked.}\n";

/// A policy directory of its own for a test.
fn directory(test: &str, governance: Option<(&str, &str)>) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("schema.yaml"), SCHEMA).unwrap();
    std::fs::write(path.join("policy.yaml"), POLICY).unwrap();
    if let Some((name, text)) = governance {
        std::fs::write(path.join(name), text).unwrap();
    }
    path
}

#[test]
fn every_door_enforces_governance() {
    let path = directory("governance_doors", Some(("governance.yaml", BROKEN)));
    let file = |name: &str| path.join(name);
    let governance = file("governance.yaml");
    let errors = [
        Policy::from_strings(SCHEMA, POLICY, Some(BROKEN)).err(),
        Policy::from_files(&file("schema.yaml"), &file("policy.yaml"), Some(&governance)).err(),
        Policy::from_directory(&path).err(),
    ];
    for error in errors {
        let error = error.expect("the governance rule is broken");
        assert_eq!(listed(&error).len(), 1, "{error}");
        assert!(error.to_string().contains("Something has to be blocked."), "{error}");
    }
    let met = BROKEN.replace("block}", "allow}");
    assert!(Policy::from_strings(SCHEMA, POLICY, Some(&met)).is_ok());
    assert!(Policy::from_directory(&directory("governance_none", None)).is_ok());
}

#[test]
fn a_governance_file_that_cannot_be_read_is_not_passed_over() {
    for name in ["governance.yml", "Governance.yaml", "GOVERNANCE.YML"] {
        let path = directory(&format!("governance_near_{name}"), Some((name, BROKEN)));
        let Err(error) = Policy::from_directory(&path) else { panic!("{name} is passed over") };
        assert!(error.to_string().contains("would be left out"), "{error}");
    }
    let path = directory("governance_folder", None);
    std::fs::create_dir(path.join("governance.yaml")).unwrap();
    assert!(Policy::from_directory(&path).is_err());
    #[cfg(unix)]
    {
        let path = directory("governance_link", None);
        std::os::unix::fs::symlink("nowhere", path.join("governance.yaml")).unwrap();
        assert!(Policy::from_directory(&path).is_err());
    }
}

#[test]
fn nothing_that_looks_like_a_part_of_the_policy_is_left_out_in_silence() {
    const MORE: &str = "version: 2\nrules: [{id: more, scope: {global: true}, effect: block}]\n";
    let refused = |path: &std::path::Path, with: &str| {
        let Err(error) = Policy::from_directory(path) else { panic!("{with} is passed over") };
        assert!(error.to_string().contains(with), "{error}");
    };
    for (file, with) in [
        ("governence.yaml", "the file is called `governance.yaml`"),
        ("policies.yaml", "further rules stand in `policies/*.yaml`"),
        ("policy/more.yaml", "further rules stand in `policies`"),
        ("Policies/more.yaml", "further rules stand in `policies`"),
        ("policies/deeper/more.yaml", "files with rules stand in `policies` itself"),
        ("policies/more.yml", "files with rules end in `.yaml`"),
        ("policies/.yaml", "files with rules end in `.yaml`"),
    ] {
        let path = directory(&format!("near_{}", file.replace('/', "_")), None);
        let file = path.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, MORE).unwrap();
        refused(&path, with);
    }
    #[cfg(unix)]
    {
        let path = directory("policies_link", None);
        std::os::unix::fs::symlink("nowhere", path.join("policies")).unwrap();
        refused(&path, "cannot be listed");
    }
    // Other files, tests and whole policies may stand there.
    let path = directory("not_near", None);
    for file in ["values.yaml", "a_test.yaml", "inputs/a.yaml", "policy/schema.yaml", "x.md"] {
        let file = path.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, MORE).unwrap();
    }
    assert!(Policy::from_directory(&path).is_ok());
}

/// `UPDATE=1` writes what is said into the guide, for a person to read.
#[test]
fn the_guide_shows_what_is_said() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/governance.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let (mut schema, mut policy, mut governance) = ("", "", "");
    let mut written = String::new();
    let mut shown = 0;
    for (number, text) in guide.split("```").enumerate() {
        let mut part = text.to_owned();
        // Every other part is inside a fence.
        if number % 2 == 1 {
            let (language, body) = text.split_once('\n').unwrap();
            match (language, body.lines().next().unwrap_or_default()) {
                ("yaml", "# schema.yaml") => schema = body,
                ("yaml", "# policy.yaml") => policy = body,
                ("yaml", "# governance.yaml") => governance = body,
                ("text", _) => {
                    let said = match Policy::from_strings(schema, policy, Some(governance)) {
                        Ok(policy) => {
                            actra::render_all(policy.warnings(), policy.sources(), Rendering::Plain)
                        }
                        Err(error) => error.render(Rendering::Plain),
                    };
                    part = format!("text\n{said}");
                    shown += 1;
                }
                _ => {}
            }
        }
        if number > 0 {
            written.push_str("```");
        }
        written.push_str(&part);
    }
    assert_eq!(shown, 4);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, written).unwrap();
    } else {
        assert_eq!(guide, written);
    }
}
