//! Runs the commands that Markdown files show, and compares what they put out.
//!
//! Looked at are fenced blocks with the info string `console`. In them, a line `$ actra ...` is a
//! command, and the lines up to the next one are its output, standard output and standard error as
//! they come. A command goes to a shell, in the file's directory, with `actra` on its path; a line
//! that ends in `\` or `|` goes on in the next. A status other than 0 is shown as `[status 3]`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FENCE: &str = "```console";

/// `readme-check [--update] [FILE.md ...]`: without files, the pages of the examples.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let updates = words.contains(&"--update");
    let named: Vec<&str> = words.iter().copied().filter(|word| *word != "--update").collect();
    if let Some(option) = named.iter().find(|word| word.starts_with('-')) {
        return Err(format!("`readme-check` knows no `{option}`"));
    }
    let files = match named.as_slice() {
        [] => pages(Path::new("examples"))?,
        named => named.iter().map(PathBuf::from).collect(),
    };
    let path = path_with_actra()?;
    let mut commands = 0;
    let mut stale = Vec::new();
    for file in &files {
        let shown = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let page = Page::read(&text).map_err(|error| format!("{shown}{error}"))?;
        let fresh = page.rerun(|command| {
            commands += 1;
            put_out(command, directory.unwrap_or(Path::new(".")), &path)
        })?;
        if fresh == text {
            continue;
        }
        if updates {
            std::fs::write(file, &fresh).map_err(|error| format!("{shown}: {error}"))?;
        } else {
            stale.push(format!("{shown}{}", first_difference(&text, &fresh)));
        }
    }
    if commands == 0 {
        return Err("there is no command in any of the files".to_owned());
    }
    println!("{commands} commands in {} files", files.len());
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("commands put out something else (`--update` writes it):\n{}", stale.join("\n")))
}

/// The page of the examples, and that of each.
fn pages(root: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", root.display());
    let mut pages = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            pages.push(path.join("README.md"));
        }
    }
    pages.sort();
    Ok(pages)
}

/// The search path of this process, led by the directory that cargo built this program into: `actra`
/// is built there, too.
fn path_with_actra() -> Result<OsString, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut directory = program.parent().unwrap_or(Path::new("."));
    if directory.ends_with("deps") {
        directory = directory.parent().unwrap_or(directory);
    }
    let actra = directory.join(format!("actra{}", std::env::consts::EXE_SUFFIX));
    if !actra.is_file() {
        return Err("`actra` is not built: cargo build -p actra-cli".to_owned());
    }
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = [directory.to_owned()].into_iter().chain(std::env::split_paths(&rest));
    std::env::join_paths(all).map_err(|error| error.to_string())
}

/// What a command puts out, in the order in which it does.
fn put_out(command: &str, directory: &Path, path: &OsString) -> Result<String, String> {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{{ {command}\n}} 2>&1"))
        .current_dir(directory)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .map_err(|error| format!("sh: {error}"))?;
    let mut text = String::from_utf8(output.stdout)
        .map_err(|_| format!("`{command}` puts out what is not UTF-8"))?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if text.lines().any(|line| line.starts_with("$ ") || line.starts_with("```")) {
        return Err(format!("the output of `{command}` cannot stand in a console block"));
    }
    match output.status.code() {
        Some(0) => {}
        Some(status) => {
            let _ = writeln!(text, "[status {status}]");
        }
        None => return Err(format!("`{command}` was ended by a signal")),
    }
    Ok(text)
}

/// A Markdown file in parts.
struct Page<'t> {
    parts: Vec<Part<'t>>,
}

enum Part<'t> {
    /// Lines that stay as they are.
    Text(&'t str),
    /// The lines of a command, whose output follows and is left out.
    Command(Vec<&'t str>),
}

impl<'t> Page<'t> {
    /// Fails with the place and what is wrong there.
    fn read(text: &'t str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut lines = text.split_inclusive('\n').zip(1..).peekable();
        while let Some((line, number)) = lines.next() {
            parts.push(Part::Text(line));
            if line.trim_end() != FENCE {
                continue;
            }
            let mut is_output = false;
            loop {
                let Some((line, number)) = lines.next() else {
                    return Err(format!(":{number}: the console block has no end"));
                };
                if line.trim_end() == "```" {
                    parts.push(Part::Text(line));
                    break;
                }
                if line.starts_with("$ ") {
                    let mut command = vec![line];
                    while command.last().is_some_and(|last| goes_on(last)) {
                        let Some((more, _)) = lines.next() else { break };
                        command.push(more);
                    }
                    parts.push(Part::Command(command));
                    is_output = true;
                } else if !is_output {
                    return Err(format!(":{number}: a console block begins with a command"));
                }
            }
        }
        Ok(Self { parts })
    }

    /// The file with fresh output.
    fn rerun(
        &self,
        mut put_out: impl FnMut(&str) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(line) => text.push_str(line),
                Part::Command(lines) => {
                    for line in lines {
                        text.push_str(line);
                    }
                    let command = lines.concat();
                    text.push_str(&put_out(command.trim_start_matches("$ ").trim_end())?);
                }
            }
        }
        Ok(text)
    }
}

fn goes_on(line: &str) -> bool {
    line.trim_end().ends_with(['\\', '|'])
}

/// Where two texts first differ, and how.
fn first_difference(old: &str, new: &str) -> String {
    let (mut old, mut new) = (old.lines(), new.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (Some(a), Some(b)) if a == b => {}
            (a, b) => {
                let line = |line: Option<&str>| line.unwrap_or("(nothing)").to_owned();
                return format!(":{number}\n  shown  {}\n  put out {}", line(a), line(b));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# Page\n\n```console\n$ actra a |\n    b\nold\n\n$ actra c\n```\n```sh\n$ actra no\n```\n";

    #[test]
    fn output_is_replaced_and_all_else_stays() {
        let page = Page::read(PAGE).unwrap();
        let mut seen = Vec::new();
        let fresh = page.rerun(|command| {
            seen.push(command.to_owned());
            Ok("new\n".to_owned())
        });
        assert_eq!(seen, ["actra a |\n    b", "actra c"]);
        assert_eq!(
            fresh.unwrap(),
            "# Page\n\n```console\n$ actra a |\n    b\nnew\n$ actra c\nnew\n```\n```sh\n$ actra no\n```\n"
        );
    }

    #[test]
    fn a_block_begins_with_a_command_and_ends() {
        let place = |text| Page::read(text).err().unwrap();
        assert!(place("```console\nallow\n```\n").starts_with(":2: "));
        assert!(place("a\n```console\n$ actra\n").starts_with(":2: "));
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert!(first_difference("a\nb\n", "a\nc\n").starts_with(":2\n"));
        assert!(first_difference("a\n", "a\nb\n").contains("(nothing)"));
    }
}
