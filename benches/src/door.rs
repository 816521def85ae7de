//! Doors in other processes: the same workload decided from C, Go, Python and by other engines.
//!
//! A door is a command that is given a folder with `schema.yaml`, `policy.yaml`, `policy.actra` and
//! `inputs.jsonl`, one input a line, and `name`, what the workload is called; those of W2 to W4 have
//! `rules.jsonl`, too: the rules, one a line, for engines with policies of their own (`workload.rs`;
//! by hand: `--bin workload`). It reads commands from its standard input, a line each, and answers on
//! its standard output:
//!
//! - `operations`: their names, separated by spaces, on one line;
//! - `decide NAME`: a line for each input, in their order: the effect, a tab, and the id of the rule
//!   that decided or `-`;
//! - `run NAME TURNS`: goes through the inputs, over and over, until so many are decided, and
//!   answers with the nanoseconds that took.
//!
//! Instead of an answer it may say `error`, a tab and why it has none. It ends with its input. What
//! it says on its standard error is passed on.

use crate::measure::Side;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A door, running.
#[derive(Debug)]
pub struct Door {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    operations: Vec<String>,
}

impl Door {
    /// Starts a door on a workload's folder.
    pub fn start(program: &Path, workload: &Path) -> Fallible<Self> {
        let mut child = Command::new(program)
            .arg(workload)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`{}`: {error}", program.display()))?;
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("a child without an output")?);
        let mut door = Self { child, commands, answers, operations: Vec::new() };
        let operations = door.ask("operations")?;
        door.operations = operations.split_whitespace().map(str::to_owned).collect();
        Ok(door)
    }

    /// What it can do.
    pub fn operations(&self) -> &[String] {
        &self.operations
    }

    /// What it decides: an effect and perhaps a rule for each of so many inputs.
    pub fn decide(&mut self, operation: &str, count: usize) -> Fallible<Vec<String>> {
        self.tell(&format!("decide {operation}"))?;
        (0..count).map(|_| self.answer()).collect()
    }

    /// An operation to be measured.
    pub fn operation<'d>(&'d mut self, name: &'d str) -> Operation<'d> {
        Operation { door: self, name }
    }

    fn ask(&mut self, command: &str) -> Fallible<String> {
        self.tell(command)?;
        self.answer()
    }

    fn tell(&mut self, command: &str) -> Fallible<()> {
        let commands = self.commands.as_mut().ok_or("the door is closed")?;
        writeln!(commands, "{command}")?;
        Ok(commands.flush()?)
    }

    fn answer(&mut self) -> Fallible<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the door ended without an answer".into());
        }
        let line = line.trim_end_matches('\n');
        match line.strip_prefix("error\t") {
            Some(why) => Err(why.into()),
            None => Ok(line.to_owned()),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.commands = None;
        let _ = self.child.wait();
    }
}

/// An operation of a door.
#[derive(Debug)]
pub struct Operation<'d> {
    door: &'d mut Door,
    name: &'d str,
}

impl Side for Operation<'_> {
    fn sample(&mut self, turns: u32) -> Fallible<f64> {
        let answer = self.door.ask(&format!("run {} {turns}", self.name))?;
        answer.parse().map_err(|_| format!("`{}` answered `{answer}`", self.name).into())
    }
}
