//! `actra inspect` and `actra hash`.

use crate::support::{POLICY, Room, SCHEMA};
use serde_json::json;

#[test]
fn a_file_has_the_hashes_of_its_documents() {
    let room = Room::compiled("hash");
    let of_directory = room.run(&["hash", "policy"]).succeeds();
    let of_file = room.run(&["hash", "policy.actra"]).succeeds();
    assert_eq!(of_directory.stdout, of_file.stdout);
    assert_eq!(of_directory.stdout.len(), 65);
    assert_eq!(of_directory.stderr, "");
    assert!(of_file.stderr.contains("what the file says"), "{of_file:?}");
    let of_directory = room.run(&["hash", "policy", "--program"]).succeeds();
    let of_file = room.run(&["hash", "policy.actra", "--program"]).succeeds();
    assert_eq!(of_directory.stdout, of_file.stdout);
    assert_eq!(of_file.stderr, "");
}

#[test]
fn only_the_hash_of_a_file_is_a_claim() {
    let room = Room::compiled("claimed");
    let mut of_directory = room.run(&["hash", "policy", "--format", "json"]).succeeds().json();
    let run = room.run(&["hash", "policy.actra", "--format", "json"]).succeeds();
    assert_eq!(run.stderr, "");
    let of_file = run.json();
    assert_eq!(of_directory["claimed"], false);
    of_directory["claimed"] = json!(true);
    assert_eq!(of_directory, of_file);
}

#[test]
fn comments_and_order_of_keys_do_not_change_the_hash() {
    let room = Room::new("hash_same");
    let policy = POLICY.replace("    effect: block\n    message", "    # so it is\n    message");
    let policy = policy.replace("- id: huge", "- effect: block\n    id: huge");
    room.policy("same", SCHEMA, &policy);
    let hash = room.run(&["hash", "policy"]).succeeds().stdout;
    assert_eq!(room.run(&["hash", "same"]).succeeds().stdout, hash);
    room.policy("other", SCHEMA, &POLICY.replace("> 100\n", "> 101\n"));
    assert_ne!(room.run(&["hash", "other"]).succeeds().stdout, hash);
}

#[test]
fn inspection_tells_the_same_of_file_and_directory() {
    let room = Room::compiled("inspect_same");
    let of_directory = room.run(&["inspect", "policy"]).succeeds().stdout;
    let of_file = room.run(&["inspect", "policy.actra"]).succeeds().stdout;
    let rest = |text: &str| text.split_once("\nslots").unwrap().1.to_owned();
    assert_eq!(rest(&of_directory), rest(&of_file));
    assert!(of_directory.starts_with("directory       policy\n"), "{of_directory}");
    assert!(of_file.starts_with("artifact        policy.actra\n"), "{of_file}");
    for text in ["action.amount", "rules (4), in the order", "block", "huge", "shadow", "fire"] {
        assert!(of_file.contains(text), "`{text}` is not in {of_file}");
    }
}

#[test]
fn inspection_as_json_keeps_its_shape() {
    let room = Room::compiled("inspect_json");
    let of_file = room.run(&["inspect", "policy.actra", "--format", "json"]).succeeds().json();
    let keys: Vec<&String> = of_file.as_object().unwrap().keys().collect();
    // Alphabetical, as parsed here.
    assert_eq!(
        keys,
        [
            "actions",
            "bytes",
            "compiler",
            "disassembly",
            "documents",
            "evaluation",
            "identity",
            "kind",
            "language",
            "ops",
            "path",
            "proofs",
            "rules",
            "signatures",
            "slots",
            "sources"
        ]
    );
    assert_eq!(of_file["kind"], "artifact");
    assert_eq!(of_file["bytes"], room.read("policy.actra").len());
    assert_eq!(of_file["language"], 2);
    assert_eq!(
        of_file["evaluation"],
        json!({
            "combine": "most_restrictive",
            "default": "block",
            "missing": "fail_closed",
            "inputs": "checked",
        })
    );
    assert_eq!(of_file["actions"], json!([{"name": "refund", "fields": 2}]));
    assert_eq!(
        of_file["slots"][0],
        json!({"number": 0, "name": "action.amount", "domain": "action"})
    );
    let rule = &of_file["rules"][0];
    assert_eq!(rule["id"], "huge");
    assert_eq!(rule["effect"], "block");
    assert_eq!(rule["mode"], "enforce");
    assert_eq!(rule["position"], 0);
    assert_eq!(rule["message"], "Too much.");
    assert_eq!(rule["description"], "Nobody moves that much");
    assert_eq!(rule["line"], 3);
    let place = rule["source"].as_str().unwrap();
    assert!(place.ends_with("policy.yaml"), "{place}");
    assert_eq!(of_file["rules"][1]["id"], "stranger");
    assert_eq!(of_file["rules"][1]["mode"], "shadow");

    let mut of_directory = room.run(&["inspect", "policy", "--format", "json"]).succeeds().json();
    for (key, value) in [("kind", json!("artifact")), ("path", json!("policy.actra"))] {
        of_directory[key] = value;
    }
    of_directory["identity"]["claimed"] = json!(true);
    assert_eq!(of_directory, of_file);
}

const GOVERNANCE: &str = "version: 2
governance:
  rules:
    - {id: huge_is_blocked, assume: action.amount > 1000, inputs: complete, must: {always: block}, error: Too much.}
    - {id: large_waits, assume: action.amount > 100, must: {never: allow}, error: Somebody looks.}
";

#[test]
fn proofs_and_documents_are_told_of_file_and_directory() {
    let room = Room::new("inspect_proofs");
    room.write("policy/governance.yaml", GOVERNANCE);
    let compile = ["compile", "policy", "-o", "policy.actra", "--with-documents"];
    let run = room.run(&compile).succeeds();
    assert!(run.stdout.ends_with("  proved          2 promises\n  documents       3\n"), "{run:?}");
    let json = room.run(&[&compile[..], &["--format", "json"]].concat()).succeeds().json();
    assert_eq!((&json["proofs"], &json["documents"]), (&json!(2), &json!(3)));

    let of_file = room.run(&["inspect", "policy.actra"]).succeeds().stdout;
    let told = "proved promises (2)  (as the file says)
  always: block            huge_is_blocked  refund  as far as its `assume` goes, for complete inputs
  never: allow             large_waits      refund  as far as its `assume` goes
  by analyser ";
    assert!(of_file.contains(told), "{of_file}");
    assert!(of_file.contains("\ndocuments       3, "), "{of_file}");
    let of_directory = room.run(&["inspect", "policy"]).succeeds().stdout;
    assert!(of_directory.contains("proved promises (2)\n  always: block"), "{of_directory}");
    assert!(!of_directory.contains("\ndocuments"), "{of_directory}");

    let report = room.run(&["inspect", "policy.actra", "--format", "json"]).succeeds().json();
    let governance = report["proofs"][0]["governance"].clone();
    assert_eq!(governance.as_str().unwrap().len(), 64);
    assert_eq!(
        report["proofs"][0],
        json!({
            "rule": "huge_is_blocked",
            "promise": "always: block",
            "actions": ["refund"],
            "assumes": true,
            "inputs": "complete",
            "governance": governance,
            "analyser": 1,
        })
    );
    let documents = [SCHEMA.len(), POLICY.len(), GOVERNANCE.len()];
    let names = ["schema.yaml", "policy.yaml", "governance.yaml"];
    let documents: Vec<_> = names
        .iter()
        .zip(documents)
        .map(|(name, bytes)| json!({"name": name, "bytes": bytes}))
        .collect();
    assert_eq!(report["documents"], json!(documents));
}
