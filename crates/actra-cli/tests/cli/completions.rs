//! `actra completions`.

use super::support::Room;
use std::process::Command;

/// The commands that the help names.
fn commands(help: &str) -> Vec<&str> {
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let commands: Vec<&str> = list
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(commands.len() >= 10, "{commands:?}");
    commands
}

#[test]
fn the_page_of_commands_has_every_command() {
    let page = include_str!("../../../../docs/commands.md");
    let help = Room::new("completions_page").run(&["--help"]).succeeds().stdout;
    for command in commands(&help).into_iter().filter(|command| *command != "help") {
        assert!(page.contains(&format!("\n$ actra help {command}\n")), "{command}");
    }
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let room = Room::new("completions_shells");
    let help = room.run(&["--help"]).succeeds().stdout;
    let commands = commands(&help);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = room.run(&["completions", shell, "--color", "always"]).succeeds().stdout;
        for command in &commands {
            assert!(script.contains(command), "{shell} does not know `{command}`");
        }
        assert!(!script.contains('\u{1b}'), "{shell}");
    }
    room.run(&["completions", "bsh"]).fails(&["possible values: bash"]);
}

#[test]
fn the_help_says_how_to_install_for_every_shell() {
    let help = Room::new("completions_help").run(&["completions", "--help"]).succeeds().stdout;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(help.contains(&format!("actra completions {shell}")), "{shell}");
    }
}

/// What bash offers for the last of the words.
fn completed(room: &Room, words: &[&str]) -> Vec<String> {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let last = words.len() - 1;
    let script = format!(
        "source ./actra.bash || exit 9\n\
         COMP_WORDS=({})\nCOMP_CWORD={last}\n\
         complete -p actra >/dev/null || exit 8\n\
         _actra actra '{}' '{}'\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        quoted.join(" "),
        words[last],
        words[last - 1],
    );
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &script])
        .current_dir(room.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words: Vec<String> =
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    // In no order of its own.
    words.sort();
    words
}

#[test]
fn bash_reads_the_script_and_completes_commands_options_and_values() {
    let room = Room::new("completions_bash");
    room.write("actra.bash", room.run(&["completions", "bash"]).succeeds().stdout);
    let parsed =
        Command::new("bash").args(["-n", "actra.bash"]).current_dir(room.path("")).output();
    assert!(parsed.as_ref().is_ok_and(|output| output.status.success()), "{parsed:?}");
    assert_eq!(completed(&room, &["actra", "in"]), ["init", "inspect"]);
    assert_eq!(completed(&room, &["actra", "schema", "pol"]), ["policies", "policy"]);
    assert_eq!(completed(&room, &["actra", "init", "--tem"]), ["--template"]);
    assert_eq!(
        completed(&room, &["actra", "init", "--template", ""]),
        ["agent-tools", "infra", "mcp", "refund"]
    );
    assert_eq!(
        completed(&room, &["actra", "eval", "x", "--input-format", "json"]),
        ["json", "jsonl"]
    );
    assert_eq!(completed(&room, &["actra", "--color", "n"]), ["never"]);
    assert_eq!(completed(&room, &["actra", "completions", "z"]), ["zsh"]);
}
