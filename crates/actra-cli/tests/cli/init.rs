//! `actra init`.

use super::support::Room;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const TEMPLATES: [&str; 4] = ["refund", "agent-tools", "infra", "mcp"];

/// Every file under the directory, from there.
fn files(directory: &Path) -> BTreeSet<String> {
    let mut open = vec![directory.to_owned()];
    let mut found = BTreeSet::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.insert(path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

fn template(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name)
}

#[test]
fn every_template_is_listed_with_what_it_is_about() {
    let room = Room::new("init_list");
    let text = room.run(&["init", "--list"]).succeeds().stdout;
    let names: Vec<&str> =
        text.lines().map(|line| line.split_once(' ').unwrap()).map(|(name, _)| name).collect();
    assert_eq!(names, TEMPLATES);
    let json = room.run(&["init", "--list", "--format", "json"]).succeeds().json();
    assert_eq!(json[3]["name"], "mcp");
    assert_eq!(json[3]["description"], "What passes between a model and its MCP servers");
    assert_eq!(room.files(), ["policy"]);
}

#[test]
fn every_template_is_written_as_it_is_and_works_at_once() {
    for name in TEMPLATES {
        let room = Room::new(&format!("init_works_{name}"));
        let run = room.run(&["init", "new/dir", "--template", name]).succeeds();
        assert_eq!(run.stderr, "");
        let directory = room.path("new/dir");
        assert_eq!(files(&directory), files(&template(name)), "{name}");
        for file in files(&directory) {
            assert_eq!(
                fs::read(directory.join(&file)).unwrap(),
                fs::read(template(name).join(&file)).unwrap()
            );
            assert!(run.stdout.contains(&format!("wrote new/dir/{file}\n")), "{run:?}");
        }
        // The commands that it says to try next.
        let next: Vec<&str> = run.stdout.split_once("\nnext\n").unwrap().1.lines().collect();
        assert_eq!(next.len(), 3);
        for line in &next {
            let words: Vec<&str> = line.split_whitespace().skip(1).collect();
            room.run(&words).succeeds();
        }
        let check = room.run(&["check", "new/dir"]).succeeds();
        assert!(check.stdout.ends_with("no warnings\n") && check.stderr.is_empty(), "{check:?}");
        room.run(&[
            "test",
            "new/dir",
            "--reject-unknown",
            "--coverage",
            "--coverage-threshold",
            "100",
        ])
        .succeeds();
        for input in files(&directory).iter().filter(|file| file.starts_with("inputs/")) {
            let input = format!("new/dir/{input}");
            let decided =
                room.run(&["eval", "new/dir", "--input", &input, "--reject-unknown"]).succeeds();
            let explained = room.run(&["explain", "new/dir", "--input", &input]).succeeds();
            assert_eq!(decided.stdout.lines().next(), explained.stdout.lines().next());
        }
    }
}

#[test]
fn the_inputs_of_a_template_show_different_decisions() {
    let room = Room::new("init_inputs");
    for name in TEMPLATES {
        let decided: BTreeSet<String> = files(&template(name))
            .iter()
            .filter(|file| file.starts_with("inputs/"))
            .map(|file| {
                let (policy, input) = (template(name), template(name).join(file));
                let args = ["eval", policy.to_str().unwrap(), "--input", input.to_str().unwrap()];
                let decision = room.run(&[&args[..], &["--format", "json"]].concat()).succeeds();
                decision.json()["matched_rule"].as_str().expect("some rule decides").to_owned()
            })
            .collect();
        assert!(decided.len() >= 2, "{name}: {decided:?}");
    }
}

/// The policy without each of its rules in turn: the rule's id and the text.
fn without_each_rule(policy: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = policy.split_inclusive('\n').collect();
    let starts: Vec<usize> =
        (0..lines.len()).filter(|line| lines[*line].starts_with("  - id: ")).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let id = lines[*start].trim().strip_prefix("- id: ").unwrap().to_owned();
            (id, [&lines[..*start], &lines[end..]].concat().concat())
        })
        .collect()
}

#[test]
fn every_rule_of_a_template_is_needed_by_a_test_for_its_effect() {
    for name in TEMPLATES {
        let room = Room::new(&format!("init_needed_{name}"));
        let read = |file: &str| fs::read_to_string(template(name).join(file)).unwrap();
        let rules = without_each_rule(&read("policy.yaml"));
        assert!(rules.len() >= 5, "{name}");
        for (id, policy) in rules {
            room.policy("less", &read("schema.yaml"), &policy);
            // A test that names the rule would fail for that alone.
            let named = format!(", matched_rule: {id}}}");
            let tests = read("policy_test.yaml");
            assert!(tests.contains(&named), "{name}: no test names `{id}`");
            room.write("less/policy_test.yaml", tests.replace(&named, "}"));
            let run = room.run(&["test", "less", "--format", "json"]);
            let report: Value = run.json();
            assert_eq!(run.status, 1, "{name} passes without `{id}`");
            assert_eq!(report["summary"]["errors"], 0, "{name} without `{id}`: {run:?}");
        }
    }
}

#[test]
fn without_a_directory_it_begins_here() {
    let room = Room::new("init_here");
    fs::create_dir(room.path("empty")).unwrap();
    let mut command = room.command(&["init", "--format", "json"]);
    let output = command.current_dir(room.path("empty")).output().unwrap();
    assert!(output.status.success());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["directory"], ".");
    assert_eq!(said["template"], "refund");
    let written: BTreeSet<String> = serde_json::from_value(said["written"].clone()).unwrap();
    assert_eq!(written, files(&room.path("empty")));
}

#[test]
fn where_something_is_in_the_way_nothing_is_written() {
    let room = Room::new("init_in_the_way");
    room.write("a/policy.yaml", "mine");
    room.write("a/inputs", "a file");
    room.run(&["init", "a"])
        .fails(&["error[in_the_way]: `a/policy.yaml`, `a/inputs` are there already"]);
    assert_eq!(files(&room.path("a")), ["inputs", "policy.yaml"].map(str::to_owned).into());
    room.write("b/.vscode/settings.json", "{}");
    room.run(&["init", "b", "--editor", "vscode", "--format", "json"])
        .fails(&["\"code\":\"in_the_way\"", "`b/.vscode/settings.json` is there already"]);
    assert_eq!(files(&room.path("b")).len(), 1);
    room.write("c", "a file");
    room.run(&["init", "c"]).fails(&["`c` is there already"]);
    room.run(&["init", "c/d"]).fails(&["error[unwritable_file]"]);
    // Other files are no obstacle.
    room.write("d/notes.txt", "mine");
    room.run(&["init", "d"]).succeeds();
    // What it wrote itself is in the way, too.
    room.run(&["init", "d"]).fails(&["`d/schema.yaml`", "nothing was written"]);
}

#[cfg(unix)]
#[test]
fn links_are_in_the_way_even_to_nowhere() {
    let room = Room::new("init_links");
    fs::create_dir(room.path("a")).unwrap();
    std::os::unix::fs::symlink("../elsewhere.yaml", room.path("a/policy.yaml")).unwrap();
    room.run(&["init", "a"]).fails(&["`a/policy.yaml` is there already"]);
    assert!(!room.path("elsewhere.yaml").exists());
    std::os::unix::fs::symlink("nowhere", room.path("b")).unwrap();
    room.run(&["init", "b"]).fails(&["`b` is there already"]);
}

#[test]
fn an_editor_is_set_up_with_the_schemas_that_the_command_prints() {
    let room = Room::new("init_editor");
    room.run(&["init", "new", "--editor", "vscode"]).succeeds();
    let settings: Value = serde_json::from_slice(&room.read("new/.vscode/settings.json")).unwrap();
    let schemas = settings["yaml.schemas"].as_object().unwrap();
    assert_eq!(schemas.len(), 5);
    for path in schemas.keys() {
        let kind = path.strip_prefix("./.actra/").unwrap().strip_suffix(".schema.json").unwrap();
        let printed = room.run(&["schema", kind]).succeeds().stdout;
        assert_eq!(room.read(&format!("new/{path}")), printed.as_bytes());
    }
    for (file, kind) in [("policy", "policy"), ("schema", "schema"), ("policy_test", "test")] {
        let text = String::from_utf8(room.read(&format!("new/{file}.yaml"))).unwrap();
        let first = text.lines().next().unwrap();
        assert_eq!(first, format!("# yaml-language-server: $schema=.actra/{kind}.schema.json"));
    }
    room.run(&["check", "new"]).succeeds();
    room.run(&["test", "new"]).succeeds();
    // Without an editor there is no word of one.
    room.run(&["init", "plain"]).succeeds();
    assert!(
        !String::from_utf8(room.read("plain/policy.yaml")).unwrap().contains("language-server")
    );
}

#[test]
fn a_template_that_is_not_there_is_told_with_a_near_name() {
    let room = Room::new("init_usage");
    room.run(&["init", "--template", "refunds"]).fails(&["a similar value exists: 'refund'"]);
    room.run(&["init", "--list", "--template", "mcp"]).fails(&["cannot be used with"]);
}
