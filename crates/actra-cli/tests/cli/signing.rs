//! `actra keygen`, `sign` and `verify`, and what commands load only from who is trusted.

use crate::support::{ALLOW, Room};
use serde_json::json;
use std::process::Command;

/// A compiled policy of revision 7, signed by `a.key`; `b.key` has signed nothing.
fn room(test: &str) -> Room {
    let room = Room::new(test);
    room.run(&["compile", "policy", "-o", "policy.actra", "--revision", "7"]).succeeds();
    room.run(&["keygen", "a.key"]).succeeds();
    room.run(&["keygen", "b.key"]).succeeds();
    room.run(&["sign", "policy.actra", "--key", "a.key"]).succeeds();
    room
}

#[test]
fn a_key_pair_is_written_once_and_only_its_owner_reads_it() {
    let room = Room::new("keygen");
    let run = room.run(&["keygen", "release.key"]).succeeds();
    assert!(run.stdout.contains("wrote release.key.pub: give it"), "{run:?}");
    assert!(!run.stdout.contains("BEGIN"), "{run:?}");
    let private = room.read("release.key");
    assert!(private.starts_with(b"-----BEGIN PRIVATE KEY-----\n"));
    assert!(room.read("release.key.pub").starts_with(b"-----BEGIN PUBLIC KEY-----\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| std::fs::metadata(room.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("release.key"), 0o600);
    }
    let refused = ["error[in_the_way]: `release.key` is there already", "no key is replaced"];
    room.run(&["keygen", "release.key"]).fails(&refused);
    // Neither of the two is replaced, and none is written without the other.
    room.run(&["keygen", "new.key", "--public", "release.key.pub"])
        .fails(&["error[in_the_way]: `release.key.pub`"]);
    room.run(&["keygen", "new.key", "--public", "nowhere/new.pub"])
        .fails(&["error[unwritable_file]"]);
    room.run(&["keygen", "new.key", "--public", "new.key"]).fails(&["error[usage]"]);
    room.run(&["keygen", "nowhere/new.key"]).fails(&["error[unwritable_file]"]);
    assert_eq!(room.files(), ["policy", "release.key", "release.key.pub"]);
    assert_eq!(room.read("release.key"), private);
    let run = room.run(&["keygen", "k", "--public", "p", "--format", "json"]).succeeds();
    let written = run.json();
    assert_eq!((&written["private_key"], &written["public_key"]), (&json!("k"), &json!("p")));
    assert_eq!(written["key_id"].as_str().unwrap().len(), 64);
}

#[test]
fn a_signed_file_is_verified_and_says_by_whom() {
    let room = room("verify");
    let run = room.run(&["verify", "policy.actra", "--trusted-key", "a.key.pub"]).succeeds();
    assert!(run.stdout.starts_with("ok: signed by 1 trusted key\n"), "{run:?}");
    assert!(run.stdout.contains("revision        7\n"), "{run:?}");
    let args =
        ["verify", "policy.actra", "--trusted-key", "b.key.pub", "--trusted-key", "a.key.pub"];
    room.run(&[&args[..], &["--min-revision", "7"]].concat()).succeeds();
    let answer = room.run(&[&args[..], &["--format", "json"]].concat()).succeeds().json();
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["revision"], 7);
    assert_eq!(answer["signatures"], 1);
    assert_eq!(answer["verified_keys"].as_array().unwrap().len(), 1);
    let hash = room.run(&["hash", "policy", "--format", "json"]).succeeds().json();
    assert_eq!(answer["policy_hash"], hash["policy_hash"]);
    assert_eq!(answer["program_digest"], hash["program_digest"]);
}

#[test]
fn what_is_not_verified_exits_with_1_and_a_code() {
    let room = room("verify_not");
    room.run(&["compile", "policy", "-o", "plain.actra"]).succeeds();
    let mut changed = room.read("policy.actra");
    changed[100] ^= 1;
    room.write("changed.actra", &changed);
    room.write("cut.actra", &changed[..90]);
    let cases: [(&[&str], &str); 9] = [
        (&["policy.actra", "--trusted-key", "b.key.pub"], "unknown_key"),
        (&["plain.actra", "--trusted-key", "a.key.pub"], "not_signed"),
        (&["policy", "--trusted-key", "a.key.pub"], "not_signed"),
        (&["changed.actra", "--trusted-key", "a.key.pub"], "wrong_signature"),
        (&["policy.actra", "--trusted-key", "a.key.pub", "--min-revision", "8"], "old_revision"),
        (&["cut.actra", "--trusted-key", "a.key.pub"], "bad_artifact"),
        (&["none.actra", "--trusted-key", "a.key.pub"], "missing_file"),
        (&["policy.actra", "--trusted-key", "none.pub"], "missing_file"),
        (&["policy.actra", "--trusted-key", "a.key"], "bad_key"),
    ];
    for (args, code) in cases {
        let args = [&["verify"], args].concat();
        room.run(&args).fails(&[&format!("error[{code}]: "), "help: "]);
        let run = room.run(&[&args[..], &["--format", "json"]].concat());
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run:?}");
        let told: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(told["error"]["code"], code, "{run:?}");
    }
    room.run(&["verify", "policy.actra"]).fails(&["--trusted-key <PUB>"]);
}

#[test]
fn every_command_that_loads_a_policy_asks_who_signed_it() {
    let room = room("trusted");
    room.write("input.json", ALLOW);
    room.write("log.jsonl", ALLOW);
    let commands: [&[&str]; 7] = [
        &["check", "policy.actra"],
        &["eval", "policy.actra", "--input", "input.json", "--exit-code"],
        &["explain", "policy.actra", "--input", "input.json"],
        &["replay", "log.jsonl", "--policy", "policy.actra"],
        &["replay", "log.jsonl", "--policy", "policy.actra", "--against", "policy.actra"],
        &["inspect", "policy.actra"],
        &["hash", "policy.actra"],
    ];
    for command in commands {
        let with = |more: &[&str]| room.run(&[command, more].concat());
        with(&["--trusted-key", "a.key.pub"]).succeeds();
        with(&["--trusted-key", "b.key.pub", "--trusted-key", "a.key.pub", "--min-revision", "7"])
            .succeeds();
        with(&["--trusted-key", "b.key.pub"]).fails(&["error[unknown_key]: `policy.actra`"]);
        with(&["--trusted-key", "a.key.pub", "--min-revision", "8"])
            .fails(&["error[old_revision]", "revision 7, and at least 8"]);
        let directory: Vec<&str> = command
            .iter()
            .map(|word| if *word == "policy.actra" { "policy" } else { word })
            .collect();
        room.run(&[&directory[..], &["--trusted-key", "a.key.pub"]].concat())
            .fails(&["error[not_signed]", "a directory of documents"]);
    }
}

#[test]
fn an_old_policy_may_be_compared_with() {
    let room = room("compared");
    room.write("log.jsonl", ALLOW);
    room.run(&["compile", "policy", "-o", "old.actra", "--revision", "3"]).succeeds();
    let args = ["replay", "log.jsonl", "--policy", "policy.actra", "--against", "old.actra"];
    let trust = ["--trusted-key", "a.key.pub", "--min-revision", "7"];
    let args = [&args[..], &trust].concat();
    room.run(&args).fails(&["error[not_signed]: `old.actra`"]);
    room.run(&["sign", "old.actra", "--key", "a.key"]).succeeds();
    room.run(&args).succeeds();
}

#[test]
fn inspection_shows_signatures_as_claims_until_they_are_checked() {
    let room = room("inspect_signed");
    room.run(&["sign", "policy.actra", "--key", "b.key"]).succeeds();
    let text = room.run(&["inspect", "policy.actra"]).succeeds().stdout;
    assert_eq!(text.matches("signed by").count(), 2, "{text}");
    assert!(text.contains("revision        7  (as the file says)\n"), "{text}");
    assert!(!text.contains("verified"), "{text}");
    let args = ["inspect", "policy.actra", "--trusted-key", "a.key.pub", "--format", "json"];
    let told = room.run(&args).succeeds().json();
    assert_eq!(told["identity"]["claimed"], false);
    assert_eq!(told["identity"]["revision"], 7);
    let verified: Vec<_> =
        told["signatures"].as_array().unwrap().iter().map(|found| &found["verified"]).collect();
    assert_eq!(verified.iter().filter(|found| ***found == json!(true)).count(), 1);
    let run = room.run(&["hash", "policy.actra", "--trusted-key", "a.key.pub"]).succeeds();
    assert_eq!(run.stderr, "", "nothing is claimed that a trusted key has signed");
}

#[test]
fn signing_keeps_what_was_signed_and_writes_where_it_is_told() {
    let room = room("sign");
    let one = room.read("policy.actra");
    room.run(&["sign", "policy.actra", "--key", "b.key", "-o", "both.actra"]).succeeds();
    assert_eq!(room.read("policy.actra"), one);
    let both = room.read("both.actra");
    assert_eq!(both.len(), one.len() + 96);
    let run = room.run(&["sign", "both.actra", "-k", "a.key", "-k", "b.key", "--format", "json"]);
    let signed = run.succeeds().json();
    assert_eq!(room.read("both.actra"), both, "a key signs once, and always the same");
    assert_eq!((&signed["signatures"], &signed["revision"]), (&json!(2), &json!(7)));
    assert_eq!(signed["key_ids"].as_array().unwrap().len(), 2);
    room.write("notes.txt", "dear diary");
    room.run(&["sign", "policy.actra", "--key", "a.key", "-o", "notes.txt"])
        .fails(&["error[not_an_artifact]", "--force"]);
    room.run(&["sign", "policy", "--key", "a.key"]).fails(&["error[unreadable_file]"]);
    room.run(&["sign", "notes.txt", "--key", "a.key"]).fails(&["error[not_an_artifact]"]);
    room.write("cut.actra", &both[..90]);
    room.run(&["sign", "cut.actra", "--key", "a.key"]).fails(&["error[bad_artifact]"]);
    assert_eq!(room.read("cut.actra"), &both[..90]);
}

#[test]
fn a_key_that_others_can_use_or_that_is_none_signs_nothing() {
    let room = room("exposed");
    let before = room.read("policy.actra");
    let refused = ["error[bad_key]: `b.key.pub`", "a `PRIVATE KEY` is asked for"];
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permit = |name, mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(room.path(name), permissions).unwrap();
        };
        for mode in [0o640, 0o604, 0o660, 0o666, 0o601] {
            permit("b.key", mode);
            room.run(&["sign", "policy.actra", "--key", "b.key"]).fails(&[
                "error[exposed_key]: others can use the private key `b.key`",
                &format!("its permissions are {mode:04o}"),
                "chmod 600 b.key",
            ]);
        }
        permit("b.key", 0o400);
        permit("b.key.pub", 0o600);
    }
    room.run(&["sign", "policy.actra", "--key", "b.key.pub"]).fails(&refused);
    room.run(&["sign", "policy.actra", "--key", "."]).fails(&["not a regular file"]);
    room.run(&["sign", "policy.actra", "--key", "none"]).fails(&["error[missing_file]"]);
    room.run(&["sign", "policy.actra", "--key", "-", "--key", "-"]).fails(&["read twice"]);
    assert_eq!(room.read("policy.actra"), before);
    room.run(&["sign", "policy.actra", "--key", "b.key"]).succeeds();
}

#[test]
fn a_key_comes_from_standard_input() {
    let room = room("sign_standard");
    let key = room.read("b.key");
    let args = ["sign", "policy.actra", "--key", "-"];
    room.feed(&args, &key).succeeds();
    room.run(&["verify", "policy.actra", "--trusted-key", "b.key.pub"]).succeeds();
    room.feed(&args, "-----BEGIN NONSENSE").fails(&["error[bad_key]: `the key on standard input`"]);
}

#[test]
fn revisions_are_numbers_from_1() {
    let room = Room::new("revision");
    let run = room.run(&["compile", "policy", "-o", "a.actra", "--revision", "7"]).succeeds();
    assert!(run.stdout.ends_with("  revision        7\n"), "{run:?}");
    for number in ["0", "-1", "x", "18446744073709551616"] {
        let run =
            room.run(&["compile", "policy", "-o", "b.actra", &format!("--revision={number}")]);
        run.fails(&["--revision"]);
    }
    let most = u64::MAX.to_string();
    room.run(&["compile", "policy", "-o", "b.actra", "--revision", &most]).succeeds();
    let told = room.run(&["hash", "b.actra", "--format", "json"]).succeeds().json();
    assert_eq!(told["revision"], u64::MAX);
    assert_eq!(room.run(&["hash", "a.actra"]).stdout, room.run(&["hash", "b.actra"]).stdout);
}

/// The other way round, and with another tool: what OpenSSL makes signs here, and what is signed here
/// is verified there.
#[test]
fn openssl_reads_these_keys_and_verifies_these_signatures() {
    let room = room("openssl");
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl")
            .args(args)
            .current_dir(room.path(""))
            .output()
            .expect("the openssl command is there: package `openssl`");
        assert!(output.status.success(), "{args:?}: {output:?}");
    };
    openssl(&["pkey", "-in", "a.key", "-pubout", "-out", "a.openssl.pub"]);
    assert_eq!(room.read("a.openssl.pub"), room.read("a.key.pub"));
    let file = room.read("policy.actra");
    let (body, signature) = file.split_at(file.len() - 96);
    let mut unsigned = body.to_vec();
    unsigned[68..72].fill(0);
    let head = format!("DSSEv1 30 application/vnd.actra.artifact {} ", unsigned.len());
    room.write("preimage", [head.as_bytes(), &unsigned].concat());
    room.write("signature", &signature[32..]);
    let verify = ["-verify", "-pubin", "-inkey", "a.key.pub", "-rawin", "-in", "preimage"];
    openssl(&[&["pkeyutl"], &verify[..], &["-sigfile", "signature"]].concat());

    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "o.key"]);
    openssl(&["pkey", "-in", "o.key", "-pubout", "-out", "o.pub"]);
    room.feed(&["sign", "policy.actra", "--key", "-"], room.read("o.key")).succeeds();
    room.run(&["verify", "policy.actra", "--trusted-key", "o.pub"]).succeeds();
    let sign = ["-sign", "-inkey", "o.key", "-rawin", "-in", "preimage", "-out", "by-openssl"];
    openssl(&[&["pkeyutl"], &sign[..]].concat());
    let both = room.read("policy.actra");
    let by_openssl = room.read("by-openssl");
    assert!(both.windows(64).any(|window| window == by_openssl), "the same signature");
}
