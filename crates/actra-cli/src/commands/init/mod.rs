//! `actra init`.

mod editor;
mod templates;
mod write;

use crate::args::{Format, Init, Template};
use crate::failure::Failure;
use crate::output::{self, Paint, clean};
use anstream::ColorChoice;
use clap::ValueEnum as _;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// A template in the list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    description: String,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    directory: String,
    template: String,
    #[serde(rename = "written")]
    files: Vec<String>,
}

pub(super) fn run(args: &Init, color: ColorChoice) -> Result<(), Failure> {
    if args.list {
        return list(args.format, color);
    }
    let mut files: Vec<(String, String)> = templates::files(args.template)
        .iter()
        .map(|(path, text)| match args.editor {
            Some(_) => ((*path).to_owned(), editor::with_schema(path, text)),
            None => ((*path).to_owned(), (*text).to_owned()),
        })
        .collect();
    files.extend(args.editor.into_iter().flat_map(editor::files));
    write::all(&args.directory, &files)?;
    let written = Written {
        directory: args.directory.display().to_string(),
        template: listed(args.template).name,
        files: files.into_iter().map(|(name, _)| name).collect(),
    };
    let text = match args.format {
        Format::Json => output::pretty_json(&written),
        Format::Text => written.to_text(args),
    };
    output::print(&text, args.format, color)
}

fn listed(template: Template) -> Listed {
    let value = template.to_possible_value();
    let help = value.as_ref().and_then(|value| value.get_help());
    Listed {
        description: help.map(ToString::to_string).unwrap_or_default(),
        name: value.map(|value| value.get_name().to_owned()).unwrap_or_default(),
    }
}

fn list(format: Format, color: ColorChoice) -> Result<(), Failure> {
    let all: Vec<Listed> = Template::value_variants().iter().map(|one| listed(*one)).collect();
    let text = match format {
        Format::Json => output::pretty_json(&all),
        Format::Text => {
            let width = all.iter().map(|one| one.name.len()).max().unwrap_or_default();
            all.iter().fold(String::new(), |mut text, one| {
                let gap = " ".repeat(width - one.name.len());
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{}{gap}  {}", Paint::Strong.of(&one.name), one.description);
                text
            })
        }
    };
    output::print(&text, format, color)
}

impl Written {
    fn to_text(&self, args: &Init) -> String {
        let mut text = String::new();
        for name in &self.files {
            let path = args.directory.join(name).display().to_string();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "wrote {}", clean(path.strip_prefix("./").unwrap_or(&path)));
        }
        let directory = argument(&args.directory);
        let input = self.files.iter().find(|name| name.starts_with("inputs/"));
        let input = argument(&args.directory.join(input.map_or("", String::as_str)));
        let _ = write!(
            text,
            "\n{}\n  actra check {directory}\n  actra test {directory}\n  actra explain \
             {directory} --input {input}\n",
            Paint::Label.of("next")
        );
        text
    }
}

/// A path as one word of a POSIX shell.
fn argument(path: &Path) -> String {
    let text = clean(&path.display().to_string());
    let text = match text.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    };
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
