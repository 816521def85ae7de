//! Follows Markdown pages as a reader would: writes the files that they show, runs their commands,
//! and compares what those put out.
//!
//! Fenced blocks with the info string `console` are looked at. In them, a line `$ actra ...` is a
//! command, and the lines up to the next one are its output, standard output and standard error as
//! they come. A command goes to a shell, with `actra` on its path; a line that ends in `\` or `|`
//! goes on in the next. A status other than 0 is shown as `[status 3]`.
//!
//! A block such as `yaml file=refund/policy.yaml` is a file, to be written when its turn comes;
//! with `append` its lines are added to the file. Where a page shows files, its commands run in a
//! directory that is empty at the page's beginning, and a block of YAML or JSON that is no file
//! says so with the word `fragment`. Commands of other pages run in the directory of the page, those
//! of `docs/` in the one above, as a reader of a checkout would run them.

mod page;

use page::{Page, Part};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `readme-check [--update] [FILE.md ...]`: without files, every page that shows commands.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let updates = words.contains(&"--update");
    let named: Vec<&str> = words.iter().copied().filter(|word| *word != "--update").collect();
    if let Some(option) = named.iter().find(|word| word.starts_with('-')) {
        return Err(format!("`readme-check` knows no `{option}`"));
    }
    let files = match named.as_slice() {
        [] => pages()?,
        named => named.iter().map(PathBuf::from).collect(),
    };
    let programs = programs()?;
    let path = path_with(&programs)?;
    let is_built = programs.join(format!("actra{}", std::env::consts::EXE_SUFFIX)).is_file();
    let mut commands = 0;
    let mut stale = Vec::new();
    for file in &files {
        let shown = file.display();
        let text = read(file)?;
        let page = Page::read(&text).map_err(|error| format!("{shown}{error}"))?;
        let directory =
            if page.has_files() { empty_directory(&programs, file)? } else { directory_of(file) };
        let fresh = page
            .follow(|part| match part {
                Part::Text(_) => Ok(String::new()),
                Part::File(shown) => shown.write(&directory).map(|()| String::new()),
                Part::Command(command) if command.contains("actra") && !is_built => {
                    Err("`actra` is not built: cargo build -p actra-cli".to_owned())
                }
                Part::Command(command) => {
                    commands += 1;
                    put_out(command, &directory, &path)
                }
            })
            .map_err(|error| format!("{shown}{error}"))?;
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

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Where the commands of a page without files run.
fn directory_of(page: &Path) -> PathBuf {
    let parent = page.parent().filter(|parent| !parent.as_os_str().is_empty());
    match parent {
        Some(parent) if parent.ends_with("docs") => {
            let above = parent.parent().filter(|above| !above.as_os_str().is_empty());
            above.unwrap_or(Path::new(".")).to_owned()
        }
        parent => parent.unwrap_or(Path::new(".")).to_owned(),
    }
}

/// The first page of the repository, those of the examples, and those of the documentation that
/// show commands.
fn pages() -> Result<Vec<PathBuf>, String> {
    let mut pages = vec![PathBuf::from("README.md"), PathBuf::from("examples/README.md")];
    for path in entries(Path::new("examples"))? {
        if path.is_dir() {
            pages.push(path.join("README.md"));
        }
    }
    for path in entries(Path::new("docs"))? {
        let is_page = path.extension().is_some_and(|extension| extension == "md");
        if is_page && page::shows_commands(&read(&path)?) {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", directory.display());
    std::fs::read_dir(directory)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(unreadable))
        .collect()
}

/// The directory that cargo built this program into: `actra` is built there, too.
fn programs() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut directory = program.parent().unwrap_or(Path::new("."));
    if directory.ends_with("deps") {
        directory = directory.parent().unwrap_or(directory);
    }
    Ok(directory.to_owned())
}

/// The search path of this process, led by the directory.
fn path_with(directory: &Path) -> Result<OsString, String> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = [directory.to_owned()].into_iter().chain(std::env::split_paths(&rest));
    std::env::join_paths(all).map_err(|error| error.to_string())
}

/// A directory for what the page has its reader write, below the one that cargo builds into.
fn empty_directory(programs: &Path, page: &Path) -> Result<PathBuf, String> {
    let name = page.file_stem().unwrap_or(page.as_os_str());
    let directory = programs.join("pages").join(name);
    let unusable = |error: std::io::Error| format!("{}: {error}", directory.display());
    if directory.exists() {
        std::fs::remove_dir_all(&directory).map_err(unusable)?;
    }
    std::fs::create_dir_all(&directory).map_err(unusable)?;
    Ok(directory)
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
                return format!(":{number}\n  shown   {}\n  put out {}", line(a), line(b));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert!(first_difference("a\nb\n", "a\nc\n").starts_with(":2\n"));
        assert!(first_difference("a\n", "a\nb\n").contains("(nothing)"));
    }
}
