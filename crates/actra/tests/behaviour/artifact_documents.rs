//! Artifacts that tell what was proved, and that hold the documents that they were compiled from.

use actra::analysis::Question;
use actra::signing::{LoadOptions, SigningKey};
use actra::{DocumentsError, Effect, Policy, hex};
use actra_bytecode::Artifact;
use actra_bytecode::artifact::{Digest, Identity, Metadata};
use actra_bytecode::limits::MAX_DOCUMENT_BYTES;
use std::fs;
use std::path::{Path, PathBuf};

const SCHEMA: &str = "version: 1
actions:
  refund: {fields: {amount: {type: integer, required: true}}}
  payout: {fields: {amount: {type: integer, required: true}}}
snapshot: {fields: {fraud_flag: boolean}}
";

const POLICY: &str = "version: 2
rules:
  - {id: fraud, scope: {action: [refund, payout]}, when: snapshot.fraud_flag == true, effect: block}
  - {id: small, scope: {action: refund}, when: action.amount < 1000, effect: allow}
";

const GOVERNANCE: &str = "version: 2
governance:
  rules:
    - {id: payouts, applies_to: {actions: [payout]}, must: {never: allow}, error: Nothing is paid out.}
    - {id: fraud, assume: snapshot.fraud_flag == true, must: {never: allow, always: block}, error: No money.}
    - {id: elsewhere, applies_to: {actions: [transfer]}, must: {never: allow}, error: There is none.}
";

fn policy() -> Policy {
    Policy::from_strings(SCHEMA, POLICY, Some(GOVERNANCE)).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the policy tells of its proofs.
fn proofs(policy: &Policy) -> Vec<String> {
    let told = policy.proofs().map(|proof| {
        let actions: Vec<&str> = proof.actions().collect();
        format!(
            "{}: {} for {} assuming {} complete {} by {} of {}",
            proof.rule,
            proof.promise,
            actions.join(" "),
            proof.has_assumption,
            proof.is_complete,
            proof.analyser,
            proof.governance,
        )
    });
    told.collect()
}

#[test]
fn what_was_proved_is_told_before_and_after_a_detour_through_a_file() {
    let policy = policy();
    let by = format!("complete false by {} of {}", actra_analysis::VERSION, {
        Digest::of(GOVERNANCE.as_bytes())
    });
    let expected = [
        format!("fraud: never: allow for payout refund assuming true {by}"),
        format!("fraud: always: block for payout refund assuming true {by}"),
        format!("payouts: never: allow for payout assuming false {by}"),
    ];
    assert_eq!(proofs(&policy), expected);
    let file = policy.to_artifact();
    assert_eq!(file[10], 1, "the format's minor version");
    let loaded = Policy::from_artifact(&file).unwrap();
    assert_eq!(proofs(&loaded), expected);
    assert!(loaded.to_artifact() == file, "another file");
}

#[test]
fn a_policy_without_promises_is_what_it_was() {
    let asks = "version: 2
governance:
  rules:
    - {id: some, select: {where: {effect: block}}, must: {min_count: 1}, error: Something is blocked.}
";
    for governance in [None, Some(asks)] {
        let policy = Policy::from_strings(SCHEMA, POLICY, governance).unwrap();
        assert_eq!(policy.proofs().len(), 0);
        let file = policy.to_artifact();
        assert_eq!((file[10], file[18]), (0, 4), "minor version and sections");
    }
    // A promise of actions that there are not is kept, and nothing to tell of.
    let void =
        GOVERNANCE.lines().filter(|line| !line.contains("fraud") && !line.contains("payouts"));
    let void = void.collect::<Vec<_>>().join("\n");
    assert!(void.contains("elsewhere"));
    let policy = Policy::from_strings(SCHEMA, POLICY, Some(&void)).unwrap();
    assert_eq!((policy.proofs().len(), policy.to_artifact()[10]), (0, 0));
}

#[test]
fn an_artifact_with_documents_compiles_to_itself() {
    let policy = policy();
    assert_eq!(policy.documents().len(), 0);
    let with = policy.clone().with_revision(7).with_documents().unwrap();
    assert_eq!(with.policy_hash(), policy.policy_hash());
    assert_eq!(with.program_digest(), policy.program_digest());
    let file = with.to_artifact();
    let loaded = Policy::from_artifact(&file).unwrap();
    assert!(loaded.is_artifact());
    assert_eq!(
        loaded.documents().collect::<Vec<_>>(),
        [("schema.yaml", SCHEMA), ("policy.yaml", POLICY), ("governance.yaml", GOVERNANCE)]
    );
    assert!(loaded.clone().with_documents().unwrap().to_artifact() == file, "it has them");
    let compiled = loaded.compile_documents().unwrap();
    assert!(!compiled.is_artifact());
    assert_eq!(compiled.sources().files().len(), 3);
    assert_eq!(proofs(&compiled), proofs(&policy));
    assert!(compiled.to_artifact() == file, "the same file again");
    assert_eq!(compiled.compile_documents().unwrap().revision(), 7);
}

#[test]
fn every_example_survives_the_detour() {
    let mut directories: Vec<PathBuf> = fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("schema.yaml").exists())
        .collect();
    directories.sort();
    assert!(directories.len() >= 8, "{directories:#?}");
    for directory in directories {
        let policy = Policy::from_directory(&directory).unwrap();
        let file = policy.clone().with_documents().unwrap().to_artifact();
        let loaded = Policy::from_artifact(&file).unwrap();
        assert_eq!(loaded.documents().len(), policy.sources().files().len());
        let compiled = loaded.compile_documents().unwrap();
        assert!(compiled.to_artifact() == file, "{}", directory.display());
        assert_eq!(compiled.warnings().len(), policy.warnings().len());
        let plain = Policy::from_artifact(&policy.to_artifact()).unwrap();
        assert_eq!(plain.compile_documents().unwrap_err().code(), "no_documents");
    }
}

#[test]
fn further_policies_keep_their_names_and_their_order() {
    let directory = std::env::temp_dir().join(format!("actra-documents-{}", std::process::id()));
    fs::create_dir_all(directory.join("policies")).unwrap();
    let rule = |id: &str| {
        format!(
            "version: 2\nrules:\n  - {{id: {id}, scope: {{action: refund}}, when: action.amount > 5, effect: allow}}\n"
        )
    };
    fs::write(directory.join("schema.yaml"), SCHEMA).unwrap();
    fs::write(directory.join("policy.yaml"), POLICY).unwrap();
    for name in ["b", "a", "ü"] {
        fs::write(directory.join(format!("policies/{name}.yaml")), rule(name)).unwrap();
    }
    let policy = Policy::from_directory(&directory).unwrap();
    let file = policy.with_documents().unwrap().to_artifact();
    fs::remove_dir_all(&directory).unwrap();
    let loaded = Policy::from_artifact(&file).unwrap();
    let names: Vec<&str> = loaded.documents().map(|(name, _)| name).collect();
    let more = ["policies/a.yaml", "policies/b.yaml", "policies/ü.yaml"];
    assert_eq!(names, [&["schema.yaml", "policy.yaml"], &more[..]].concat());
    assert!(loaded.compile_documents().unwrap().to_artifact() == file, "the same file again");
}

#[test]
fn an_artifact_without_documents_gets_none() {
    let loaded = Policy::from_artifact(&policy().to_artifact()).unwrap();
    for error in [
        loaded.compile_documents().map(|_| ()).unwrap_err(),
        loaded.with_documents().map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.code(), "no_documents");
        assert_eq!(error.to_string(), "the artifact holds no documents");
        assert!(error.help().contains("--with-documents"));
    }
}

/// The policy's program in an artifact that says what it likes.
fn artifact(policy: &Policy, hash: [u8; 32], documents: &[(&str, &str)]) -> Policy {
    let mut metadata = Metadata::new("actra \u{2028}0", documents.iter().map(|(name, _)| *name));
    policy.program().rules().iter().for_each(|_| metadata.push_rule(None, ""));
    let identity = Identity { policy_hash: Digest(hash), revision: 0 };
    let artifact = Artifact::new(policy.program().clone(), identity, metadata).unwrap();
    let artifact = artifact.with_documents(documents.iter().map(|(_, text)| *text)).unwrap();
    Policy::from_artifact(&artifact.encode()).unwrap()
}

#[test]
fn documents_that_are_not_the_artifacts_are_refused() {
    let policy = policy();
    let hash = policy.policy_hash();
    let other = POLICY.replace("1000", "2000");
    let broken = POLICY.replace("amount", "amuont");
    let promises = GOVERNANCE.replace("[payout]", "[refund]");
    let schema = ("schema.yaml", SCHEMA);
    let cases: &[(&[_], _, _, _)] = &[
        (&[schema, ("policy.yaml", POLICY)], hash, "", ""),
        (&[("policy.yaml", POLICY), ("governance.yaml", GOVERNANCE), schema], hash, "", ""),
        (&[schema], hash, "other_documents", "the documents in the artifact lack `policy.yaml`"),
        (
            &[("policy.yaml", POLICY)],
            hash,
            "other_documents",
            "the documents in the artifact lack `schema.yaml`",
        ),
        (
            &[schema, ("policy.yaml", POLICY), ("Policies/more.yaml", "")],
            hash,
            "other_documents",
            "the documents in the artifact include `Policies/more.yaml`, which no policy has",
        ),
        (
            &[schema, ("policy.yaml", &other)],
            hash,
            "other_documents",
            "compile to a program with the digest",
        ),
        (&[schema, ("policy.yaml", POLICY)], [1; 32], "other_documents", "and it says 0101010101"),
        (&[schema, ("policy.yaml", &broken)], hash, "documents", "do not compile: "),
        (&[schema, ("policy.yaml", "\u{0}: *a")], hash, "documents", "do not compile: "),
        (
            &[schema, ("policy.yaml", POLICY), ("governance.yaml", &promises)],
            hash,
            "documents",
            "governance rule `payouts` is broken for action `refund`",
        ),
    ];
    for (documents, hash, code, message) in cases {
        let loaded = artifact(&policy, *hash, documents);
        match loaded.compile_documents() {
            Ok(_) => assert_eq!(*code, "", "{documents:?}"),
            Err(error) => {
                assert_eq!(error.code(), *code, "{error}");
                assert!(error.to_string().contains(message), "{error}");
                assert!(!error.help().is_empty());
            }
        }
        // A question is about decisions: broken promises change none.
        let code = if message.starts_with("governance rule") { "" } else { code };
        let any = Question::never(Effect::Allow);
        for question in [any.clone(), any.assuming("snapshot.fraud_flag == true")] {
            let found = loaded.ask(&question).map_or_else(|error| error.code(), |_| "");
            assert_eq!(found, code, "{documents:?}");
        }
    }
    let found = artifact(&policy, hash, &[schema, ("policy.yaml", &other)]).compile_documents();
    let error = found.unwrap_err();
    assert!(error.to_string().ends_with(r"`actra \u{2028}0` compiled it"), "{error}");
    let DocumentsError::OtherProgram { stored, .. } = error else { panic!("{error}") };
    assert_eq!(stored.0, policy.program_digest());
}

#[test]
fn an_artifact_with_documents_answers_as_they_do() {
    let policy = policy();
    let loaded = Policy::from_artifact(&policy.clone().with_documents().unwrap().to_artifact());
    let loaded = loaded.unwrap();
    let allow = Question::never(Effect::Allow);
    let questions = [
        allow.clone(),
        allow.clone().assuming("snapshot.fraud_flag == true"),
        // Patterns of what is assumed are none of the program's.
        allow.clone().about(["refund"]).assuming("action.type matches 're.*'"),
    ];
    for question in &questions {
        assert_eq!(loaded.ask(question).unwrap(), policy.ask(question).unwrap(), "{question:?}");
    }
    let wrong = allow.clone().assuming("snapshot.froud_flag == true");
    assert_eq!(loaded.ask(&wrong).unwrap_err().code(), "bad_assumption");
    let plain = Policy::from_artifact(&policy.to_artifact()).unwrap();
    for question in questions.iter().chain([&wrong]) {
        assert_eq!(plain.ask(question).unwrap_err().code(), "no_documents");
    }
}

#[test]
fn documents_are_signed_with_the_rest() {
    let key = SigningKey::generate().unwrap();
    let options = LoadOptions::new().trusted_keys([key.public()]);
    let with = policy().with_documents().unwrap().sign(&key).unwrap();
    let file = with.to_artifact();
    let loaded = Policy::from_artifact_with(&file, &options).unwrap();
    assert_eq!(loaded.verified_keys(), [key.public().id()]);
    assert_eq!((loaded.documents().len(), loaded.proofs().len()), (3, 3));
    // What comes out of the documents is signed by nobody.
    let compiled = loaded.compile_documents().unwrap();
    assert!(compiled.signatures().is_empty() && compiled.verified_keys().is_empty());
    // Every byte before the signatures counts.
    let signed = file.len() - 96;
    for at in (0..signed).step_by(7).chain(signed - 20..signed) {
        let mut file = file.clone();
        file[at] ^= 1;
        assert!(Policy::from_artifact_with(&file, &options).is_err(), "byte {at}");
    }
    // A signature of the artifact without documents is none of the one with them.
    let before = policy().sign(&key).unwrap().with_documents().unwrap();
    assert!(before.signatures().is_empty());
}

#[test]
fn documents_have_the_limit_of_documents() {
    assert_eq!(MAX_DOCUMENT_BYTES, actra_compiler::limits::MAX_DOCUMENT_BYTES);
}

#[test]
fn the_golden_artifact_proves_what_it_says() {
    let file = fs::read(root().join("conformance/golden/format-1.1.actra")).unwrap();
    let golden = Policy::from_artifact(&file).unwrap();
    let compiled = golden.compile_documents().unwrap();
    assert_eq!(hex(&compiled.program_digest()), hex(&golden.program_digest()));
    let told = |policy: &Policy| -> Vec<String> {
        let proofs = policy.proofs();
        proofs
            .map(|proof| format!("{} {} {}", proof.rule, proof.promise, proof.governance))
            .collect()
    };
    assert_eq!(told(&compiled), told(&golden));
}
