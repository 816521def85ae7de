//! Is every rule of the examples needed? A rule is when some test sees the difference without it;
//! a governance rule is when some change to the policy breaks it.

mod demands;
mod documents;
mod rules;

use documents::Documents;
use std::path::{Path, PathBuf};

/// What taking one rule away did.
struct Finding {
    /// The rule's id.
    id: String,
    /// What shows that it is needed; `None`: nothing does.
    shown_by: Option<String>,
}

/// `needed [--table] [DIR ...]`: without directories, every example.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let is_table = words.contains(&"--table");
    let named: Vec<&str> = words.iter().copied().filter(|word| *word != "--table").collect();
    if let Some(option) = named.iter().find(|word| word.starts_with('-')) {
        return Err(format!("`needed` knows no `{option}`"));
    }
    let directories = match named.as_slice() {
        [] => examples(Path::new("examples"))?,
        named => named.iter().map(PathBuf::from).collect(),
    };
    let mut idle = Vec::new();
    for (directory, findings) in directories.iter().zip(all_findings(&directories)) {
        let name = directory.display();
        let (rules, demands) = findings.map_err(|error| format!("{name}: {error}"))?;
        println!("{name}: {} rules, {} governance rules", rules.len(), demands.len());
        for (kind, finding) in
            rules.iter().map(|rule| ("rule", rule)).chain(demands.iter().map(|d| ("governance", d)))
        {
            match &finding.shown_by {
                Some(shown) if is_table => println!("  {kind:<11}{:<34}{shown}", finding.id),
                Some(_) => {}
                None => idle.push(format!("{name}: {kind} `{}`", finding.id)),
            }
        }
    }
    if idle.is_empty() {
        return Ok(());
    }
    Err(format!("nothing changes where these are gone:\n  {}", idle.join("\n  ")))
}

type Findings = Result<(Vec<Finding>, Vec<Finding>), String>;

/// What there is to say of each directory: of its rules, and of its governance rules. They are
/// looked at side by side.
fn all_findings(directories: &[PathBuf]) -> Vec<Findings> {
    let look = |directory: &PathBuf| {
        let documents = Documents::read(directory)?;
        Ok((rules::findings(&documents)?, demands::findings(&documents)?))
    };
    std::thread::scope(|scope| {
        let running: Vec<_> =
            directories.iter().map(|directory| scope.spawn(move || look(directory))).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|result| result.unwrap_or_else(|_| Err("the check panicked".to_owned())))
            .collect()
    })
}

/// The policy directories in a directory, by name. Examples of programs have none of their own.
fn examples(root: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", root.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.join("policy.yaml").is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(format!("{}: there are no examples", root.display()));
    }
    Ok(found)
}
