//! Directories to work in, and runs of the command.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) const SCHEMA: &str = "\
version: 1
actions:
  refund:
    fields: {amount: number, note: {type: string, max_length: 20}}
actor:
  fields: {role: string}
";

pub(crate) const POLICY: &str = "\
version: 2
rules:
  - id: huge
    description: Nobody moves that much
    scope: {action: refund}
    when: action.amount > 1000
    effect: block
    message: Too much.
  - id: large
    scope: {action: refund}
    when: action.amount > 100
    effect: require_approval
    required_actions: [{type: human_approval, role: lead}]
  - id: small
    scope: {action: refund}
    when: action.amount <= 1000
    effect: allow
  - id: stranger
    scope: {action: refund}
    when: {all: [actor.role exists, actor.role == stranger]}
    effect: block
    mode: shadow
";

pub(crate) const ALLOW: &str = r#"{"action": {"type": "refund", "amount": 20}}"#;
pub(crate) const APPROVAL: &str = r#"{"action": {"type": "refund", "amount": 200}}"#;
pub(crate) const BLOCK: &str = r#"{"action": {"type": "refund", "amount": 2000}}"#;
pub(crate) const BAD: &str = r#"{"action": {"type": "refund", "amount": "20"}}"#;

/// A directory of its own for a test, with a good policy in `policy/`.
pub(crate) struct Room(PathBuf);

impl Room {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        let room = Self(path);
        room.policy("policy", SCHEMA, POLICY);
        room
    }

    /// The same with the policy compiled, too, to `policy.actra`.
    pub(crate) fn compiled(test: &str) -> Self {
        let room = Self::new(test);
        room.run(&["compile", "policy", "-o", "policy.actra"]).succeeds();
        room
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn policy(&self, directory: &str, schema: &str, policy: &str) {
        self.write(&format!("{directory}/schema.yaml"), schema);
        self.write(&format!("{directory}/policy.yaml"), policy);
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The command, about to run in this directory.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actra"));
        command.args(args).current_dir(&self.0).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().unwrap())
    }

    /// Runs it with a text on standard input.
    pub(crate) fn feed(&self, args: &[&str], input: impl AsRef<[u8]>) -> Run {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.as_ref().to_vec();
        // A command that stops reading is seen by its status.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let run = Run::of(child.wait_with_output().unwrap());
        writer.join().unwrap();
        run
    }
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Run {
    fn of(output: Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            status: output.status.code().expect("no signal ends it"),
        }
    }

    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }

    /// It exits with 1, says so on standard error, and gives no result.
    pub(crate) fn fails(self, with: &[&str]) {
        assert_eq!(self.status, 1, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for text in with {
            assert!(self.stderr.contains(text), "`{text}` is not in {self:?}");
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
