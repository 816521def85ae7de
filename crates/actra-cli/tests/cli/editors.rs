//! `actra schema` as a command, and `actra completions`. What the schemas say is held in
//! `json_schemas`.

use crate::support::Room;
use std::process::Command;

#[test]
fn a_schema_goes_to_standard_output_or_into_a_file() {
    let room = Room::new("schema_output");
    let printed = room.run(&["schema", "policy"]).succeeds();
    assert_eq!(printed.stderr, "");
    let run = room.run(&["schema", "policy", "--output", "policy.json"]).succeeds();
    assert_eq!(run.stdout, "wrote policy.json\n");
    assert_eq!(room.read("policy.json"), printed.stdout.as_bytes());
    // A schema may be written again, anything else stays.
    room.run(&["schema", "test", "--output", "policy.json"]).succeeds();
    room.write("mine.json", "{\"$id\": \"mine\"}");
    room.run(&["schema", "policy", "--output", "mine.json"])
        .fails(&["error[in_the_way]", "mine.json"]);
    assert_eq!(room.read("mine.json"), b"{\"$id\": \"mine\"}");
    room.run(&["schema", "policy", "--output", "policy"]).fails(&["error[not_a_file]", "--all"]);
    room.run(&["schema", "policy", "--output", "no/where/x.json"])
        .fails(&["error[unwritable_file]"]);
}

#[test]
fn all_schemas_go_into_a_directory() {
    let room = Room::new("schema_all");
    let run = room.run(&["schema", "--all", "--output", "deep/down"]).succeeds();
    assert_eq!(run.stdout.lines().count(), 4);
    for kind in ["policy", "schema", "governance", "test"] {
        let printed = room.run(&["schema", kind]).succeeds().stdout;
        assert_eq!(room.read(&format!("deep/down/{kind}.schema.json")), printed.as_bytes());
    }
    for wrong in [
        &["schema"] as &[_],
        &["schema", "--all"],
        &["schema", "policy", "--all", "--output", "x"],
        &["schema", "polcy"],
    ] {
        let run = room.run(wrong);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{wrong:?}");
    }
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let room = Room::new("completions");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = room.run(&["completions", shell]).succeeds();
        for word in ["convert", "explain", "coverage-threshold"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
        // The others complete no values.
        let values = matches!(shell, "bash" | "zsh" | "fish");
        assert!(!values || run.stdout.contains("agent-tools"), "{shell}");
        assert!(!run.stdout.contains('\u{1b}'), "{shell}");
    }
    room.run(&["completions", "cmd"]).fails(&["powershell"]);
    let help = room.run(&["help", "completions"]).succeeds().stdout;
    for shell in ["bash ", "zsh ", "fish ", "powershell ", "elvish "] {
        assert!(help.contains(&format!("  {shell}")), "{shell}: {help}");
    }
}

/// Runs a script in a shell; `None` where there is no such shell.
fn shell(room: &Room, shell: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(shell).args(args).current_dir(room.path("")).output().ok()?;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn bash_completes_commands_options_and_values() {
    let room = Room::new("completions_bash");
    let script = room.run(&["completions", "bash"]).succeeds().stdout;
    room.write("actra.bash", &script);
    shell(&room, "bash", &["-n", "actra.bash"]).expect("there is a bash");
    let complete = |words: &[&str]| {
        let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let last = words.len() - 1;
        let before = words[last.saturating_sub(1)];
        let program = format!(
            "source ./actra.bash; COMP_WORDS=({line}); COMP_CWORD={last}; \
             _actra actra '{}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words[last]
        );
        shell(&room, "bash", &["--norc", "-c", &program]).expect("there is a bash")
    };
    assert_eq!(complete(&["actra", "conv"]), "convert\n");
    assert_eq!(complete(&["actra", "convert", "--to", "s"]), "short\n");
    assert_eq!(complete(&["actra", "init", "--temp"]), "--template\n");
    let schemas = complete(&["actra", "schema", ""]);
    for kind in ["policy", "schema", "governance", "test"] {
        assert!(schemas.lines().any(|line| line == kind), "{schemas}");
    }
}

#[test]
fn other_shells_read_their_scripts_where_they_are_there() {
    let room = Room::new("completions_other");
    for (name, args) in [("zsh", ["-n", "script"]), ("fish", ["--no-execute", "script"])] {
        let script = room.run(&["completions", name]).succeeds().stdout;
        room.write("script", &script);
        shell(&room, name, &args);
    }
}
