//! The `actra` 0.7.8 package, in a virtual environment of its own, asked through a small driver.

use actra_testkit::Value;
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const REQUIREMENT: &str = "actra==0.7.8";
const DRIVER: &str = include_str!("driver.py");

/// What the package makes of documents and inputs.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// The documents do not compile there.
    Refused(String),
    /// An answer for each input, in order.
    Answers(Vec<Answer>),
}

/// What the package makes of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// `effect` and `matched_rule`.
    Decision(String, Option<String>),
    /// An exception.
    Raised(String),
}

/// The running driver.
pub(super) struct Package {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Package {
    /// Installs the package unless it is there, and starts the driver.
    pub(super) fn start() -> Result<Self, String> {
        let python = environment()?;
        let mut child = Command::new(&python)
            .args(["-u", "-c", DRIVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", python.display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the driver has no standard output")?;
        Ok(Self { child, stdin, stdout: BufReader::new(stdout) })
    }

    /// Asks for decisions.
    pub(super) fn ask(
        &mut self,
        schema: &str,
        policy: &str,
        governance: Option<&str>,
        inputs: &[Value],
    ) -> Result<Verdict, String> {
        let inputs: Vec<Json> = inputs.iter().map(encode).collect();
        let question = json!({
            "schema": schema,
            "policy": policy,
            "governance": governance,
            "inputs": inputs,
        });
        let stdin = self.stdin.as_mut().ok_or("the driver has no standard input")?;
        writeln!(stdin, "{question}").map_err(|error| format!("the driver is gone: {error}"))?;
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|error| format!("the driver: {error}"))?;
        if line.is_empty() {
            return Err(format!("the driver ended on this question:\n{question}"));
        }
        let answer: Json = serde_json::from_str(&line)
            .map_err(|error| format!("the driver said `{}`: {error}", line.trim_end()))?;
        decode(&answer).ok_or_else(|| format!("the driver said `{}`", line.trim_end()))
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        // End of input ends the driver.
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// The Python of an environment that has the package.
fn environment() -> Result<PathBuf, String> {
    let root = target_directory().join("compat-venv");
    let python = root.join("bin").join("python");
    if has_package(&python) {
        return Ok(python);
    }
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&root),
        "`compat` needs Python 3 with its `venv` module (Debian: python3 and python3-venv)",
    )?;
    run(
        Command::new(&python).args(["-m", "pip", "install", "--quiet", REQUIREMENT]),
        &format!("`compat` needs {REQUIREMENT} from the Python package index"),
    )?;
    if has_package(&python) {
        Ok(python)
    } else {
        Err(format!("{REQUIREMENT} was installed and cannot be imported"))
    }
}

fn has_package(python: &Path) -> bool {
    let check = "import importlib.metadata as m, actra.actra; assert m.version('actra') == '0.7.8'";
    let status = Command::new(python).args(["-c", check]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn run(command: &mut Command, need: &str) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{need}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{need}: {command:?} failed with {status}")) }
}

/// Where cargo builds: this program stands in `<target>/<profile>/`.
fn target_directory() -> PathBuf {
    let program = std::env::current_exe().ok();
    let target = program.as_deref().and_then(Path::parent).and_then(Path::parent);
    target.map_or_else(|| PathBuf::from("target"), Path::to_path_buf)
}

fn encode(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::BigInt(digits) => json!({"$int": digits}),
        // The shortest text that reads as that double; Python reads it as that double.
        Value::Float(value) => json!({"$float": format!("{value:?}")}),
        Value::String(value) => value.clone().into(),
        Value::List(items) => items.iter().map(encode).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), encode(value))).collect()
        }
    }
}

fn decode(answer: &Json) -> Option<Verdict> {
    if let Some(text) = answer.get("refused") {
        return Some(Verdict::Refused(text.as_str()?.to_owned()));
    }
    let answers = answer.get("answers")?.as_array()?;
    answers.iter().map(decode_answer).collect::<Option<_>>().map(Verdict::Answers)
}

fn decode_answer(answer: &Json) -> Option<Answer> {
    if let Some(text) = answer.get("raised") {
        return Some(Answer::Raised(text.as_str()?.to_owned()));
    }
    let decision = answer.get("decision")?;
    let effect = decision.get("effect")?.as_str()?.to_owned();
    let rule = match decision.get("matched_rule")? {
        Json::Null => None,
        rule => Some(rule.as_str()?.to_owned()),
    };
    Some(Answer::Decision(effect, rule))
}
