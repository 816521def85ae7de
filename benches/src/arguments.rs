//! W5: what an agent's tool is called with: parts of texts, hosts, paths and patterns.

use crate::Rng;
use actra::{Effect, Frame, InputCode, Policy, SlotId, Value};
use regex::Regex;
use std::error::Error;

/// What may be asked about.
pub const SCHEMA: &str = "\
version: 1
actions:
  call_tool:
    fields:
      command: {type: string, max_length: 4096, required: true}
      host: {type: string, max_length: 253, required: true}
      path: {type: string, max_length: 4096, required: true}
";

/// The rules.
pub const POLICY: &str = r"version: 2
rules:
  - id: as_root
    scope: {action: call_tool}
    when: action.command starts_with ['sudo ', 'doas ', 'su ']
    effect: block
  - id: sweeping
    scope: {action: call_tool}
    when: action.command contains ['rm -rf', '--no-preserve-root', 'mkfs.']
    effect: block
  - id: piped_to_a_shell
    scope: {action: call_tool}
    when: action.command matches '(curl|wget) .*\| *(ba|z)?sh( .*)?'
    effect: block
  - id: outside_of_the_workspace
    scope: {action: call_tool}
    when:
      not: action.path within_path ['/workspace', '/tmp/agent', '/usr/share/dict']
    effect: block
  - id: foreign_host
    scope: {action: call_tool}
    when:
      not: action.host in_domain ['example.com', 'example.org', 'packages.example.net']
    effect: block
  - id: payments
    scope: {action: call_tool}
    when: action.host in_domain ['pay.example.com', 'ledger.example.org']
    effect: require_approval
  - id: keys
    scope: {action: call_tool}
    when: action.path ends_with ['.pem', '.key', '/id_ed25519']
    effect: require_approval
  - id: pushed
    scope: {action: call_tool}
    when: action.command matches 'git( -[a-z]+)* push( .*)?'
    effect: require_approval
  - id: everyday
    scope: {action: call_tool}
    when: action.command starts_with ['git ', 'ls ', 'cat ', 'curl ']
    effect: allow
";

/// An input.
#[derive(Clone, Debug)]
pub struct Input {
    /// What is run.
    pub command: String,
    /// What is spoken to.
    pub host: String,
    /// What is read or written.
    pub path: String,
}

/// The policy, compiled.
pub fn policy() -> Result<Policy, Box<dyn Error>> {
    Ok(Policy::from_strings(SCHEMA, POLICY, None)?)
}

/// Inputs: hosts and paths are well-formed.
pub fn inputs(count: usize, seed: u64) -> Vec<Input> {
    let mut rng = Rng::new(seed);
    (0..count).map(|_| input(&mut rng)).collect()
}

fn input(rng: &mut Rng) -> Input {
    let number = rng.below(1000);
    let verb = rng.pick(
        "git status --short in",
        &[
            "git push origin",
            "git -q push",
            "ls -la",
            "cat -n",
            "curl -sS https://",
            "python -m",
            "make -C",
            "sudo ls",
            "rm -rf",
        ],
    );
    let end = rng.pick("", &["", "", "", " | sh", " | bash -s", " > out.txt"]);
    let name = rng.pick("api", &["Files", "pay", "deep.pay", "ledger", "packages"]);
    let domain = rng.pick(
        "example.com",
        &["Example.org", "example.com", "packages.example.net", "example.net", "badexample.com"],
    );
    let directory = rng.pick(
        "/workspace",
        &["/workspace/src", "/workspace", "/tmp/agent", "/usr/share/dict", "/etc", "/workspaces"],
    );
    let file = rng.pick("main.rs", &["README.md", "notes.txt", "server.pem", "id_ed25519"]);
    Input {
        command: format!("{verb} job_{number}{end}"),
        host: format!("{name}.{domain}"),
        path: format!("{directory}/{number}/{file}"),
    }
}

/// The JSON text of an input.
pub fn json(input: &Input) -> String {
    let Input { command, host, path } = input;
    let action =
        serde_json::json!({"type": "call_tool", "command": command, "host": host, "path": path});
    serde_json::json!({"action": action, "actor": {}, "snapshot": {}}).to_string()
}

/// The fields' slots, found once.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    action: SlotId,
    command: SlotId,
    host: SlotId,
    path: SlotId,
}

impl Slots {
    /// Finds them; `None` for some other policy.
    pub fn of(policy: &Policy) -> Option<Self> {
        Some(Self {
            action: policy.slot("action.type")?,
            command: policy.slot("action.command")?,
            host: policy.slot("action.host")?,
            path: policy.slot("action.path")?,
        })
    }

    /// Clears the frame and puts an input into it.
    #[inline]
    pub fn fill<'v>(&self, frame: &mut Frame<'_, 'v>, input: &'v Input) {
        frame.clear();
        frame.set(self.action, Value::String("call_tool"));
        frame.set(self.command, Value::String(&input.command));
        frame.set(self.host, Value::String(&input.host));
        frame.set(self.path, Value::String(&input.path));
    }
}

/// By hand: checks, then plain tests of texts; patterns by the `regex` crate, made once.
#[derive(Debug)]
pub struct ByHand {
    piped: Regex,
    pushed: Regex,
}

impl ByHand {
    /// Makes the patterns.
    pub fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            piped: Regex::new(r"^(?:(curl|wget) .*\| *(ba|z)?sh( .*)?)$")?,
            pushed: Regex::new(r"^(?:git( -[a-z]+)* push( .*)?)$")?,
        })
    }

    /// Checks and decides an input: the effect, and the rule that decided.
    pub fn decide(&self, input: &Input) -> Result<(Effect, Option<u32>), InputCode> {
        let Input { command, host, path } = input;
        for (text, most) in [(command, 4096), (host, 253), (path, 4096)] {
            if text.len() > most && text.chars().count() > most {
                return Err(InputCode::TooLong);
            }
        }
        let starts = |words: &[&str]| words.iter().any(|word| command.starts_with(word));
        let decided = |effect, rule| Ok((effect, Some(rule)));
        if starts(&["sudo ", "doas ", "su "]) {
            return decided(Effect::Block, 0);
        }
        if ["rm -rf", "--no-preserve-root", "mkfs."].iter().any(|part| command.contains(part)) {
            return decided(Effect::Block, 1);
        }
        if self.piped.is_match(command) {
            return decided(Effect::Block, 2);
        }
        // Neither is known to be inside of anything where it is malformed.
        let path_is_known = path.starts_with('/') && path.split('/').all(|part| part != "..");
        if !path_is_known
            || !["/workspace", "/tmp/agent", "/usr/share/dict"]
                .iter()
                .any(|directory| is_within(path, directory))
        {
            return decided(Effect::Block, 3);
        }
        let is_in = |domains: &[&str]| domains.iter().any(|domain| is_in_domain(host, domain));
        if !is_host(host) || !is_in(&["example.com", "example.org", "packages.example.net"]) {
            return decided(Effect::Block, 4);
        }
        if is_in(&["pay.example.com", "ledger.example.org"]) {
            return decided(Effect::RequireApproval, 5);
        }
        if [".pem", ".key", "/id_ed25519"].iter().any(|end| path.ends_with(end)) {
            return decided(Effect::RequireApproval, 6);
        }
        if self.pushed.is_match(command) {
            return decided(Effect::RequireApproval, 7);
        }
        if starts(&["git ", "ls ", "cat ", "curl "]) {
            return decided(Effect::Allow, 8);
        }
        Ok((Effect::Block, None))
    }
}

fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A host name of letters, digits and hyphens.
fn is_host(host: &str) -> bool {
    host.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn is_in_domain(host: &str, domain: &str) -> bool {
    let Some(before) = host.len().checked_sub(domain.len()) else { return false };
    host.get(before..).is_some_and(|end| end.eq_ignore_ascii_case(domain))
        && (before == 0 || host.as_bytes().get(before - 1) == Some(&b'.'))
}
