//! Compiled documents as listings, and as a file that must keep loading.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use actra_bytecode::artifact::{
    Artifact, Digest, Identity, Metadata, Promise, Proofs, ProvedPromise,
};
use actra_bytecode::ids::{ActionId, RuleId};
use actra_bytecode::op::OpCode;
use actra_bytecode::{Effect, Program};
use actra_compiler::canonical::policy_hash;
use actra_compiler::check::{Checked, PolicyDocuments, check};
use actra_compiler::diagnostic::{Report, Sources};
use actra_compiler::lower::lower;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn checked(schema: &str, policy: &str) -> Checked {
    let mut sources = Sources::default();
    let schema = sources.add("schema.yaml", schema);
    let policy = sources.add("policy.yaml", policy);
    let documents = PolicyDocuments { schema, policy, more_policies: Vec::new(), governance: None };
    let mut report = Report::default();
    match check(&sources, &documents, &mut report) {
        Some(checked) => checked,
        None => panic!("{:#?}", report.into_sorted()),
    }
}

fn compile(schema: &str, policy: &str) -> Program {
    let Checked { policy, patterns, .. } = checked(schema, policy);
    lower(&policy, &patterns).expect("a lowered policy verifies")
}

const SCHEMA: &str = "
version: 1
common:
  fields: {tenant: string}
actions:
  call:
    fields:
      host: string
      address: string
      path: string
      prefix: string
      name: {type: string, enum: [read, write], default: read}
      count: integer
      limit: integer
      ratio: number
      force: boolean
      at: timestamp
      until: timestamp
      tags: {type: list, items: string}
      more: {type: list, items: string}
      sizes: {type: list, items: integer}
      labels: {type: map, values: string}
      owner: {type: object, fields: {team: string}}
  stop: {fields: {}}
actor:
  fields: {role: string}
";

/// One rule of one atom for each line: `some_id: atom`.
fn policy_of_atoms(atoms: &str) -> String {
    let mut policy = String::from("version: 2\nrules:\n");
    for (index, atom) in atoms.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        writeln!(
            policy,
            "  - {{id: r{index:02}, scope: {{action: call}}, effect: block, when: '{atom}'}}"
        )
        .unwrap();
    }
    policy
}

const EVERY_OP: &str = r#"
action.host exists
action.name == "read"
action.name in ["read", "write"]
action.host starts_with ["a", "b"]
action.host ends_with ".com"
action.host contains "x"
action.host contains ["x", "y"]
action.host matches "[a-z]+"
action.host in_domain ["example.com", "example.org"]
action.address in_network ["10.0.0.0/8", "private", "2001:db8::/32"]
action.path within_path ["/srv", "/tmp"]
action.ratio > 0.5
action.count in [1, 2, 3]
action.force == true
action.at < "2024-01-01T00:00:00Z"
action.at in ["2024-01-01T00:00:00Z"]
action.host length_greater_than 3
action.host == action.prefix
action.count < action.limit
action.count <= action.limit + 5
action.count == action.limit - action.count
action.at > action.until - 90d
action.host in action.tags
action.host starts_with action.prefix
action.host ends_with action.prefix
action.host contains action.prefix
action.host in_domain action.tags
action.path within_path action.prefix
action.tags contains "vip"
action.tags not_contains "vip"
action.sizes contains 4
action.tags contains_any ["a", "b"]
action.sizes contains_any [1, 2]
action.tags contains_all ["a", "b"]
action.sizes contains_all [1, 2]
action.tags contains action.host
action.tags not_contains action.host
action.tags contains_any action.more
action.tags contains_all action.more
every action.tags starts_with "a"
some action.sizes >= 7
every action.tags not in ["a"]
action.labels["k"] != "v"
action.owner.team missing
"#;

#[test]
fn every_op_is_listed() {
    let program = compile(SCHEMA, &policy_of_atoms(EVERY_OP));
    let used: BTreeSet<OpCode> = program.ops().iter().map(|op| op.code).collect();
    let unused: Vec<&OpCode> = OpCode::ALL.iter().filter(|op| !used.contains(op)).collect();
    assert!(unused.is_empty(), "no case for {unused:?}");
    insta::assert_snapshot!(program.disassemble());
}

#[test]
fn conditions_become_forward_jumps() {
    let policy = "
version: 2
evaluation: {missing: no_match}
define:
  conditions:
    small: {any: [action.count < 10, not: action.count exists]}
rules:
  - id: nested
    scope: {action: call, actor: [ai_agent, service]}
    effect: allow
    when:
      all:
        - any:
            - all: [action.force == true, actor.role == lead]
            - not: {all: [action.tags contains vip, not: {condition: small}]}
        - not: {any: [action.host == a, action.host == b]}
  - {id: always, scope: {global: true}, effect: block}
  - id: watched
    scope: {action: [call, stop]}
    effect: require_approval
    when: actor.role not in [lead, supervisor]
    message: Ask a lead.
    required_actions: [{type: human_approval, role: lead}]
    mode: shadow
";
    insta::assert_snapshot!(compile(SCHEMA, policy).disassemble());
}

#[test]
fn rules_that_a_field_tells_apart_are_found_by_index() {
    let mut policy = String::from("version: 2\nrules:\n");
    for n in 0..8 {
        let effect = if n % 2 == 0 { "allow" } else { "block" };
        writeln!(
            policy,
            "  - {{id: r{n}, scope: {{action: call}}, effect: {effect}, \
             when: {{all: [action.count > {n}, 'action.host in [h{n}, shared]']}}}}"
        )
        .unwrap();
    }
    insta::assert_snapshot!(compile(SCHEMA, &policy).disassemble());
}

#[test]
fn version_one_keeps_its_order_and_its_doubles() {
    let policy = "
version: 1
rules:
  - {id: global, scope: {global: true}, when: {all: [actor.role == x]}, effect: block}
  - {id: scoped, scope: {action: call}, when: {all: [action.count > 1000]}, effect: allow}
";
    insta::assert_snapshot!(compile(SCHEMA, policy).disassemble());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join("examples/refund").join(name)).unwrap()
}

/// The artifact of `examples/refund`. Its metadata does not name the compiler's version, so that
/// the file stays as it is from release to release.
fn refund() -> Artifact {
    refund_from(&["policy.yaml"])
}

/// The same, of these sources, the policy first.
fn refund_from(sources: &[&str]) -> Artifact {
    let checked = checked(&document("schema.yaml"), &document("policy.yaml"));
    let program = lower(&checked.policy, &checked.patterns).unwrap();
    let mut metadata = Metadata::new("", sources.iter().copied());
    for rule in program.rules() {
        let place = (0, rule.position + 1, 1);
        metadata.push_rule(Some(place), program.text(rule.id));
    }
    let identity = Identity { policy_hash: Digest(policy_hash(&checked.policy)), revision: 7 };
    Artifact::new(program, identity, metadata).unwrap()
}

/// Every release reads this file. A new compiler may compile the example to another program: then
/// `UPDATE_GOLDEN=1 cargo test` writes it anew. A new format gets a new file beside it.
#[test]
fn the_golden_artifact_loads_and_is_what_the_example_compiles_to() {
    let path = root().join("conformance/golden/format-1.0.actra");
    let fresh = refund().encode();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &fresh).unwrap();
    }
    let file = std::fs::read(&path).expect("conformance/golden/format-1.0.actra");
    let golden = Artifact::decode(&file).expect("the golden artifact loads");
    assert!(golden.encode() == file, "the golden artifact encodes to itself");
    assert_eq!(golden.identity().revision, 7);
    let program = golden.program();
    assert_eq!(program.settings().default, Effect::Block);
    let first = golden.metadata().rule(RuleId(0)).unwrap();
    assert_eq!(first.source, Some("policy.yaml"));
    assert!(file == fresh, "the example compiles to another file: see `UPDATE_GOLDEN`");
}

/// Promises that the example keeps.
const PROMISES: &str = "version: 2
governance:
  rules:
    - id: fraud_stops_money
      assume: snapshot.fraud_flag == true
      must: {never: allow, always: block}
      error: No money moves while fraud is suspected.
";

/// The same with every section that format 1.1 has.
fn refund_in_full() -> Artifact {
    let artifact = refund_from(&["policy.yaml", "schema.yaml", "governance.yaml"]);
    let proved = |promise| ProvedPromise {
        rule: "fraud_stops_money",
        promise,
        is_complete: false,
        has_assumption: true,
        actions: vec![ActionId(0), ActionId(1)],
    };
    let proved = [Promise::Never(Effect::Allow), Promise::Always(Effect::Block)].map(proved);
    let proofs = Proofs::new(1, Digest::of(PROMISES.as_bytes()), proved.to_vec());
    let [policy, schema] = ["policy.yaml", "schema.yaml"].map(document);
    let artifact = artifact.with_proofs(proofs).unwrap();
    artifact.with_documents([&*policy, &*schema, PROMISES]).unwrap()
}

/// As the golden artifact of format 1.0.
#[test]
fn the_golden_artifact_with_proofs_and_documents_loads() {
    let path = root().join("conformance/golden/format-1.1.actra");
    let fresh = refund_in_full().encode();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let file = std::fs::read(&path).expect("conformance/golden/format-1.1.actra");
    let golden = Artifact::decode(&file).expect("the golden artifact loads");
    assert!(golden.encode() == file, "the golden artifact encodes to itself");
    assert_eq!(golden.digest(), refund().digest());
    let proved: Vec<_> = golden.proofs().map(|proof| proof.promise.to_string()).collect();
    assert_eq!(proved, ["never: allow", "always: block"]);
    assert_eq!(golden.documents().last(), Some(("governance.yaml", PROMISES)));
    assert!(file == fresh, "the example compiles to another file: see `UPDATE_GOLDEN`");
}
