//! `actra init`.

mod templates;

use super::schema::SCHEMAS;
use crate::args::{Editor, Format, Init};
use crate::failure::Failure;
use crate::output::{self, count};
use actra::text::{Paint, clean};
use anstream::ColorChoice;
use serde::Serialize;
use serde_json::json;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use templates::{TEMPLATES, Template, template};

/// Where JSON Schemas are put for editors.
const SCHEMA_DIRECTORY: &str = ".actra";

/// What has been written.
#[derive(Debug, Serialize)]
struct Started {
    directory: String,
    template: &'static str,
    files: Vec<String>,
    /// Commands to try.
    next: Vec<String>,
}

/// A file to write.
struct NewFile {
    /// From the directory.
    path: PathBuf,
    text: String,
    about: &'static str,
}

pub(super) fn run(args: &Init, color: ColorChoice) -> Result<(), Failure> {
    if args.list {
        return list(args.format, color);
    }
    let template = template(args.template);
    let directory = args.directory.as_deref().unwrap_or(Path::new("."));
    let files = files(template, args.editor);
    look(directory, &files)?;
    write(directory, &files)?;
    let started = Started {
        directory: directory.display().to_string(),
        template: template.name,
        files: files.iter().map(|file| file.path.display().to_string()).collect(),
        next: next(directory, template),
    };
    let text = match args.format {
        Format::Json => output::pretty_json(&started),
        Format::Text => started.to_text(&files),
    };
    output::print(&text, args.format, color)
}

fn list(format: Format, color: ColorChoice) -> Result<(), Failure> {
    let text = match format {
        Format::Json => {
            let templates =
                TEMPLATES.map(|template| json!({"name": template.name, "about": template.about}));
            output::pretty_json(&templates)
        }
        Format::Text => TEMPLATES.iter().fold(String::new(), |mut text, template| {
            let name = Paint::Strong.of(&format!("{:<11}", template.name));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}  {}", template.about);
            text
        }),
    };
    output::print(&text, format, color)
}

fn files(template: &Template, editor: Option<Editor>) -> Vec<NewFile> {
    let mut files: Vec<NewFile> = template
        .files
        .iter()
        .map(|file| NewFile {
            path: PathBuf::from(file.path),
            text: file.text.to_owned(),
            about: about(file.path),
        })
        .collect();
    match editor {
        None => return files,
        Some(Editor::Any) => {
            for file in &mut files {
                if let Some(schema) = schema_of(&file.path) {
                    let line = format!(
                        "# yaml-language-server: $schema={SCHEMA_DIRECTORY}/{}\n",
                        schema.file
                    );
                    file.text.insert_str(0, &line);
                }
            }
        }
        Some(Editor::Vscode) => files.push(NewFile {
            path: PathBuf::from(".vscode/settings.json"),
            text: vscode_settings(),
            about: "tells the YAML extension which schema is for which file",
        }),
    }
    files.extend(SCHEMAS.iter().map(|schema| NewFile {
        path: Path::new(SCHEMA_DIRECTORY).join(schema.file),
        text: schema.text.to_owned(),
        about: "for the editor; made by `actra schema`",
    }));
    files
}

fn about(path: &str) -> &'static str {
    match path {
        "schema.yaml" => "what may be asked about",
        "policy.yaml" => "the rules",
        "governance.yaml" => "rules about the rules",
        "policy_test.yaml" => "what must be decided",
        _ => "an input to try",
    }
}

/// The schema for a document that lies directly in the directory.
fn schema_of(path: &Path) -> Option<&'static super::schema::JsonSchema> {
    let name = path.to_str()?;
    SCHEMAS.iter().find(|schema| {
        schema.documents.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => *pattern == name,
        })
    })
}

fn vscode_settings() -> String {
    let mut schemas = serde_json::Map::new();
    for schema in &SCHEMAS {
        let path = format!("./{SCHEMA_DIRECTORY}/{}", schema.file);
        schemas.insert(path, json!(schema.documents));
    }
    output::pretty_json(&json!({"yaml.schemas": schemas}))
}

/// Looks for what is in the way: files that are there, and files where directories must be.
fn look(directory: &Path, files: &[NewFile]) -> Result<(), Failure> {
    if fs::metadata(directory).is_ok_and(|found| !found.is_dir()) {
        let message = format!("`{}` is no directory", directory.display());
        return Err(Failure::new("in_the_way", message).with_help("name another directory"));
    }
    let mut found: Vec<String> = Vec::new();
    for file in files {
        // A link that leads nowhere is in the way, too.
        let mut taken = fs::symlink_metadata(directory.join(&file.path)).is_ok();
        let mut shown = file.path.as_path();
        for parent in file.path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()) {
            let there = directory.join(parent);
            if fs::symlink_metadata(&there).is_ok() && !there.is_dir() {
                (taken, shown) = (true, parent);
            }
        }
        let shown = format!("`{}`", shown.display());
        if taken && !found.contains(&shown) {
            found.push(shown);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let what = if found.len() == 1 { "is" } else { "are" };
    let message = format!("{} {what} in the way in `{}`", found.join(", "), directory.display());
    Err(Failure::new("in_the_way", message)
        .with_help("nothing is written: name another directory, or move what is there"))
}

/// Writes all files, or none: what has been made is removed again where something fails.
fn write(directory: &Path, files: &[NewFile]) -> Result<(), Failure> {
    let mut made = Made::default();
    for file in files {
        let path = directory.join(&file.path);
        let written = path
            .parent()
            .map_or(Ok(()), |parent| made.directories(parent))
            .and_then(|()| made.file(&path, &file.text));
        if let Err(error) = written {
            made.undo();
            return Err(Failure::unwritable(&path, &error).with_help("nothing is written"));
        }
    }
    Ok(())
}

/// What has been made so far, in order.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Made {
    fn directories(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.directories(parent)?;
        }
        fs::create_dir(path)?;
        self.directories.push(path.to_owned());
        Ok(())
    }

    fn file(&mut self, path: &Path, text: &str) -> io::Result<()> {
        // Whatever has come in the way since we looked stays as it is.
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        self.files.push(path.to_owned());
        file.write_all(text.as_bytes())
    }

    fn undo(&self) {
        // What cannot be removed stays, and is seen.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for directory in self.directories.iter().rev() {
            let _ = fs::remove_dir(directory);
        }
    }
}

/// Commands to try, in the order in which one would.
fn next(directory: &Path, template: &Template) -> Vec<String> {
    let shown = quoted(directory);
    let input = quoted(&directory.join(template.input));
    vec![
        format!("actra check {shown}"),
        format!("actra test {shown}"),
        format!("actra eval {shown} --input {input}"),
    ]
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |char: char| char.is_alphanumeric() || "_-./~+,:@%".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with(['-', '~']) {
        return text;
    }
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl Started {
    fn to_text(&self, files: &[NewFile]) -> String {
        let width = self.files.iter().map(|file| file.chars().count()).max().unwrap_or(0);
        let mut text = format!(
            "wrote {} to {}\n",
            count(self.files.len(), "file"),
            Paint::Strong.of(&clean(&self.directory))
        );
        // Writing to a string cannot fail.
        for (name, file) in self.files.iter().zip(files) {
            let _ = writeln!(text, "  {name:<width$}  {}", Paint::Label.of(file.about));
        }
        let _ = writeln!(text, "\n{}", Paint::Label.of("try next"));
        for command in &self.next {
            let _ = writeln!(text, "  {}", clean(command));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_words_of_a_shell() {
        for (path, word) in [
            (".", "."),
            ("a/b-c.d", "a/b-c.d"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("-x", "'./-x'"),
            ("~", "'~'"),
            ("größe", "größe"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
