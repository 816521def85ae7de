//! `actra init`, and the starters that it writes.

use crate::support::Room;
use std::fs;
use std::path::Path;

const TEMPLATES: [&str; 4] = ["refund", "agent-tools", "infra", "mcp"];

fn start(room: &Room, template: &str) {
    room.run(&["init", "new", "--template", template]).succeeds();
}

#[test]
fn every_starter_compiles_without_warnings_and_passes_its_tests() {
    for template in TEMPLATES {
        let room = Room::new(&format!("init_{template}"));
        start(&room, template);
        let run = room.run(&["check", "new", "--deny", "all"]).succeeds();
        assert!(run.stdout.ends_with(", no warnings\n"), "{run:?}");
        assert_eq!(run.stderr, "", "{template}");
        let run = room.run(&["test", "new", "--coverage", "--coverage-threshold", "85"]);
        assert_eq!(run.status, 0, "{template}: {run:?}");
        assert!(run.stdout.contains(" passed in 1 file"), "{run:?}");
    }
}

#[test]
fn the_inputs_of_every_starter_show_every_effect() {
    for template in TEMPLATES {
        let room = Room::new(&format!("init_inputs_{template}"));
        start(&room, template);
        let mut effects: Vec<String> = Vec::new();
        for entry in fs::read_dir(room.path("new/inputs")).unwrap() {
            let path = entry.unwrap().path();
            let input = path.to_str().unwrap();
            let run = room.run(&[
                "eval",
                "new",
                "--reject-unknown",
                "--input",
                input,
                "--format",
                "json",
            ]);
            let decision = run.succeeds().json();
            assert!(decision["matched_rule"].is_string(), "{input}: {decision}");
            effects.push(decision["effect"].as_str().unwrap().to_owned());
        }
        effects.sort();
        assert_eq!(effects, ["allow", "block", "require_approval"], "{template}");
    }
}

/// The document without the rule that begins on that line.
fn without_rule(policy: &str, rule: &str) -> String {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in policy.lines() {
        if line.starts_with("  - ") || (!line.starts_with("   ") && !line.is_empty()) {
            inside = line == rule;
        }
        if !inside {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

#[test]
fn every_rule_of_every_starter_is_needed_by_a_test_or_by_governance() {
    for template in TEMPLATES {
        let room = Room::new(&format!("init_rules_{template}"));
        start(&room, template);
        let _ = fs::remove_file(room.path("new/governance.yaml"));
        let policy = String::from_utf8(room.read("new/policy.yaml")).unwrap();
        let rules: Vec<&str> = policy.lines().filter(|line| line.starts_with("  - id: ")).collect();
        assert!(rules.len() >= 5, "{template}");
        for rule in rules {
            let less = without_rule(&policy, rule);
            assert_eq!(less.matches("  - id: ").count() + 1, policy.matches("  - id: ").count());
            room.write("new/policy.yaml", &less);
            let run = room.run(&["test", "new"]);
            assert_eq!(run.status, 1, "{template}: no test needs `{rule}`: {run:?}");
        }
    }
}

#[test]
fn every_governance_rule_of_every_starter_can_be_broken() {
    let mut count = 0;
    for template in TEMPLATES {
        let room = Room::new(&format!("init_governance_{template}"));
        start(&room, template);
        let path = room.path("new/governance.yaml");
        let Ok(governance) = fs::read_to_string(path) else { continue };
        room.write(
            "new/policy.yaml",
            "\
version: 2
rules:
  - {id: all, scope: {global: true}, effect: allow}
",
        );
        let run = room.run(&["check", "new"]);
        for rule in governance.lines().filter_map(|line| line.trim().strip_prefix("error: ")) {
            assert!(run.stderr.contains(rule), "{template}: `{rule}` is not in {run:?}");
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}

#[test]
fn what_is_written_is_told_with_commands_that_work() {
    let room = Room::new("init_told");
    let run = room.run(&["init", "a new one/deep"]).succeeds();
    assert!(run.stdout.starts_with("wrote 7 files to a new one/deep\n"), "{run:?}");
    assert!(run.stdout.contains("policy_test.yaml"), "{run:?}");
    let commands = run.stdout.split_once("try next\n").unwrap().1;
    assert_eq!(commands.lines().count(), 3);
    for line in commands.lines() {
        // Words of a shell, of which quotes are all that is used here.
        let mut words: Vec<String> = Vec::new();
        for (index, part) in line.trim().split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        assert_eq!(words.remove(0), "actra");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        room.run(&words).succeeds();
    }
    let report = room.run(&["init", "other", "--format", "json"]).succeeds().json();
    assert_eq!(report["template"], "refund");
    assert_eq!(report["directory"], "other");
    for file in report["files"].as_array().unwrap() {
        assert!(room.path("other").join(file.as_str().unwrap()).is_file());
    }
    assert_eq!(report["next"][0], "actra check other");
}

#[test]
fn the_current_directory_is_the_default_and_may_hold_other_things() {
    let room = Room::new("init_here");
    room.write("here/README.md", "mine");
    room.write("here/inputs/own.json", "{}");
    let mut command = room.command(&["init"]);
    command.current_dir(room.path("here"));
    assert!(command.output().unwrap().status.success());
    assert_eq!(room.read("here/README.md"), b"mine");
    assert_eq!(room.read("here/inputs/own.json"), b"{}");
    room.run(&["check", "here"]).succeeds();
}

/// Every file below a directory with its text.
fn tree(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            found.push((name, Vec::new()));
            found.extend(tree(&path));
        } else {
            found.push((name, fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_is_written_where_anything_is_in_the_way() {
    let room = Room::new("init_in_the_way");
    room.write("one/policy.yaml", "mine");
    room.write("one/inputs/small_refund.json", "mine");
    room.write("two/inputs", "a file");
    room.write("three", "a file");
    #[cfg(unix)]
    {
        fs::create_dir(room.path("four")).unwrap();
        std::os::unix::fs::symlink("nowhere", room.path("four/schema.yaml")).unwrap();
    }
    let before = tree(&room.path(""));
    room.run(&["init", "one"]).fails(&[
        "error[in_the_way]: `policy.yaml`, `inputs/small_refund.json` are in the way in `one`\n",
        "help: nothing is written",
    ]);
    room.run(&["init", "two"]).fails(&["error[in_the_way]: `inputs` is in the way in `two`\n"]);
    room.run(&["init", "three"]).fails(&["error[in_the_way]: `three` is no directory\n"]);
    #[cfg(unix)]
    room.run(&["init", "four"]).fails(&["error[in_the_way]: `schema.yaml` is in the way"]);
    let run = room.run(&["init", "one", "--format", "json"]);
    let problem: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(problem["error"]["code"], "in_the_way");
    assert_eq!(tree(&room.path("")), before);
}

#[cfg(unix)]
#[test]
fn what_was_written_is_removed_where_something_fails() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new("init_undo");
    fs::create_dir_all(room.path("new/inputs")).unwrap();
    let inputs = room.path("new/inputs");
    fs::set_permissions(&inputs, fs::Permissions::from_mode(0o555)).unwrap();
    let writable = fs::write(inputs.join("probe"), "").is_ok();
    if writable {
        // Whoever may write everywhere sees no failure: a name that is too long is one for all.
        fs::remove_file(inputs.join("probe")).unwrap();
        let long = "x".repeat(255);
        let deep = vec![long.as_str(); 20].join("/");
        room.run(&["init", &deep]).fails(&["error[unwritable_file]", "nothing is written"]);
        assert!(!room.path(&long).exists());
    } else {
        room.run(&["init", "new"]).fails(&["error[unwritable_file]", "nothing is written"]);
        assert_eq!(tree(&room.path("new")).len(), 1);
    }
    fs::set_permissions(&inputs, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_templates_are_listed_and_nothing_is_written() {
    let room = Room::new("init_list");
    let before = tree(&room.path(""));
    let run = room.run(&["init", "--list"]).succeeds();
    let names: Vec<&str> =
        run.stdout.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, TEMPLATES);
    let json = room.run(&["init", "--list", "--format", "json"]).succeeds().json();
    let names: Vec<&str> =
        json.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, TEMPLATES);
    assert_eq!(tree(&room.path("")), before);
    room.run(&["init", "new", "--template", "refunds"]).fails(&["'refund'"]);
}

#[test]
fn an_editor_is_told_which_schema_is_for_which_document() {
    let room = Room::new("init_editor");
    room.run(&["init", "code", "--editor", "vscode"]).succeeds();
    let settings: serde_json::Value =
        serde_json::from_slice(&room.read("code/.vscode/settings.json")).unwrap();
    let schemas = settings["yaml.schemas"].as_object().unwrap();
    assert_eq!(schemas.len(), 4);
    for (file, documents) in schemas {
        let written = room.read(&format!("code/{file}"));
        let kind = file.trim_start_matches("./.actra/").trim_end_matches(".schema.json");
        let printed = room.run(&["schema", kind]).succeeds().stdout;
        assert_eq!(written, printed.as_bytes(), "{file}");
        assert!(!documents.as_array().unwrap().is_empty());
    }
    assert_eq!(schemas["./.actra/test.schema.json"][0], "*_test.yaml");
    room.run(&["test", "code"]).succeeds();

    room.run(&["init", "any", "--editor", "any", "--template", "infra"]).succeeds();
    assert!(!room.path("any/.vscode").exists());
    for (document, kind) in [
        ("schema.yaml", "schema"),
        ("policy.yaml", "policy"),
        ("governance.yaml", "governance"),
        ("policy_test.yaml", "test"),
    ] {
        let text = String::from_utf8(room.read(&format!("any/{document}"))).unwrap();
        let line = text.lines().next().unwrap();
        assert_eq!(line, format!("# yaml-language-server: $schema=.actra/{kind}.schema.json"));
        assert!(room.path(&format!("any/.actra/{kind}.schema.json")).is_file());
    }
    room.run(&["test", "any"]).succeeds();
}
