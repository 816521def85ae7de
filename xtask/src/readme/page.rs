//! A Markdown page in parts.

use std::io::Write as _;
use std::path::{Component, Path};

/// A page.
pub(super) struct Page<'t> {
    /// Each with the number of its first line.
    parts: Vec<(usize, Part<'t>)>,
}

pub(super) enum Part<'t> {
    /// A line that stays as it is.
    Text(&'t str),
    /// A file that has just been shown.
    File(Shown<'t>),
    /// The text of a command, as a shell takes it. Its output follows, and is left out.
    Command(String),
}

/// A file as a page shows it.
pub(super) struct Shown<'t> {
    path: &'t str,
    text: String,
    is_added: bool,
}

impl Shown<'_> {
    /// Writes it below the directory.
    pub(super) fn write(&self, directory: &Path) -> Result<(), String> {
        let path = directory.join(self.path);
        let unwritable = |error: std::io::Error| format!("`{}`: {error}", self.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(unwritable)?;
        }
        let mut options = std::fs::OpenOptions::new();
        // What is added to has been shown before.
        let options = if self.is_added { options.append(true) } else { options.write(true) };
        let file = options.create(!self.is_added).truncate(!self.is_added).open(path);
        file.and_then(|mut file| file.write_all(self.text.as_bytes())).map_err(unwritable)
    }
}

/// The info string of a fenced block.
#[derive(Default)]
struct Info<'t> {
    language: &'t str,
    file: Option<&'t str>,
    is_added: bool,
    is_fragment: bool,
}

impl<'t> Info<'t> {
    /// Of a line that opens a block.
    fn read(line: &'t str) -> Result<Option<Self>, String> {
        let Some(words) = line.strip_prefix("```") else { return Ok(None) };
        let mut words = words.split_whitespace();
        let mut info = Self { language: words.next().unwrap_or_default(), ..Self::default() };
        for word in words {
            match word.split_once('=') {
                Some(("file", path)) => info.file = Some(path),
                None if word == "append" => info.is_added = true,
                None if word == "fragment" => info.is_fragment = true,
                _ => return Err(format!("`{word}` means nothing beside a block's language")),
            }
        }
        let is_inside =
            |path: &str| Path::new(path).components().all(|it| matches!(it, Component::Normal(_)));
        if info.file.is_some_and(|path| !is_inside(path)) {
            return Err("a file of a page stands below the page's directory".to_owned());
        }
        if info.is_added && info.file.is_none() {
            return Err("`append` says nothing without `file=`".to_owned());
        }
        Ok(Some(info))
    }
}

/// Whether the page has commands for its reader to run.
pub(super) fn shows_commands(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("```console"))
}

/// Whether the page has files for its reader to write.
pub(super) fn shows_files(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("```") && line.contains(" file="))
}

impl<'t> Page<'t> {
    /// Fails with the place and what is wrong there.
    pub(super) fn read(text: &'t str) -> Result<Self, String> {
        let has_files = shows_files(text);
        let mut page = Self { parts: Vec::new() };
        let mut lines = text.split_inclusive('\n').zip(1..);
        while let Some((line, number)) = lines.next() {
            page.parts.push((number, Part::Text(line)));
            let info = Info::read(line).map_err(|error| format!(":{number}: {error}"))?;
            let Some(info) = info else { continue };
            let is_data = matches!(info.language, "yaml" | "json");
            if has_files && is_data && info.file.is_none() && !info.is_fragment {
                return Err(format!(":{number}: the block is neither `file=` nor `fragment`"));
            }
            let is_whole = if info.language == "console" {
                page.console(&mut lines)?
            } else {
                page.block(&mut lines, &info, number)
            };
            if !is_whole {
                return Err(format!(":{number}: the block has no end"));
            }
        }
        Ok(page)
    }

    /// Reads a block that has no commands and begins on that line. Whether it has an end.
    fn block(
        &mut self,
        lines: &mut impl Iterator<Item = (&'t str, usize)>,
        info: &Info<'t>,
        begin: usize,
    ) -> bool {
        let mut text = String::new();
        for (line, number) in lines {
            self.parts.push((number, Part::Text(line)));
            if line.trim_end() == "```" {
                if let Some(path) = info.file {
                    let is_added = info.is_added;
                    self.parts.push((begin, Part::File(Shown { path, text, is_added })));
                }
                return true;
            }
            text.push_str(line);
        }
        false
    }

    /// Reads a block with commands. Whether it has an end.
    fn console(
        &mut self,
        lines: &mut impl Iterator<Item = (&'t str, usize)>,
    ) -> Result<bool, String> {
        let mut is_output = false;
        while let Some((line, number)) = lines.next() {
            if line.trim_end() == "```" {
                self.parts.push((number, Part::Text(line)));
                return Ok(true);
            }
            if let Some(command) = line.strip_prefix("$ ") {
                self.parts.push((number, Part::Text(line)));
                let mut command = command.to_owned();
                while goes_on(&command) {
                    let Some((more, number)) = lines.next() else { return Ok(false) };
                    self.parts.push((number, Part::Text(more)));
                    command.push_str(more);
                }
                self.parts.push((number, Part::Command(command.trim_end().to_owned())));
                is_output = true;
            } else if !is_output {
                return Err(format!(":{number}: a console block begins with a command"));
            }
        }
        Ok(false)
    }

    pub(super) fn has_files(&self) -> bool {
        self.parts.iter().any(|(_, part)| matches!(part, Part::File(_)))
    }

    /// The page, with what each part gives in the place of its output. Fails with the place.
    pub(super) fn follow(
        &self,
        mut give: impl FnMut(&Part<'t>) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut text = String::new();
        for (number, part) in &self.parts {
            if let Part::Text(line) = part {
                text.push_str(line);
            }
            let given = give(part).map_err(|error| format!(":{number}: {error}"))?;
            text.push_str(&given);
        }
        Ok(text)
    }
}

fn goes_on(command: &str) -> bool {
    command.trim_end().ends_with(['\\', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# Page\n\n```console\n$ actra a |\n    b\nold\n\n$ actra c\n```\n```sh\n$ actra no\n```\n";

    fn error(text: &str) -> String {
        Page::read(text).err().unwrap()
    }

    #[test]
    fn output_is_replaced_and_all_else_stays() {
        let page = Page::read(PAGE).unwrap();
        let mut seen = Vec::new();
        let fresh = page.follow(|part| {
            let Part::Command(command) = part else { return Ok(String::new()) };
            seen.push(command.clone());
            Ok("new\n".to_owned())
        });
        assert_eq!(seen, ["actra a |\n    b", "actra c"]);
        assert_eq!(
            fresh.unwrap(),
            "# Page\n\n```console\n$ actra a |\n    b\nnew\n$ actra c\nnew\n```\n```sh\n$ actra no\n```\n"
        );
    }

    #[test]
    fn a_block_ends_and_one_of_commands_begins_with_one() {
        assert!(error("```console\nallow\n```\n").starts_with(":2: "));
        assert!(error("a\n```console\n$ actra\n").starts_with(":2: "));
        assert!(error("a\n```yaml\na: 1\n").starts_with(":2: "));
    }

    #[test]
    fn files_come_in_the_order_of_the_page_and_can_be_added_to() {
        let page = "```yaml file=a/b.yaml\nx: 1\n```\n```yaml file=a/b.yaml append\ny: 2\n```\n";
        let page = Page::read(page).unwrap();
        assert!(page.has_files());
        let shown = page.parts.iter().filter_map(|(_, part)| match part {
            Part::File(shown) => Some((shown.path, shown.text.as_str(), shown.is_added)),
            _ => None,
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown, [("a/b.yaml", "x: 1\n", false), ("a/b.yaml", "y: 2\n", true)]);
    }

    #[test]
    fn nothing_is_shown_without_being_run_unless_it_says_so() {
        let file = "```yaml file=a.yaml\n```\n";
        assert!(error(&format!("{file}```yaml\nx: 1\n```\n")).starts_with(":3: "));
        assert!(Page::read(&format!("{file}```yaml fragment\nx: 1\n```\n")).is_ok());
        assert!(Page::read("```yaml\nx: 1\n```\n").is_ok());
    }

    #[test]
    fn files_stay_below_the_directory_and_words_are_known() {
        assert!(error("```yaml file=../a.yaml\n```\n").contains("below"));
        assert!(error("```yaml file=/a.yaml\n```\n").contains("below"));
        assert!(error("```yaml fil=a.yaml\n```\n").contains("`fil=a.yaml`"));
        assert!(error("```yaml append\n```\n").contains("`append`"));
    }
}
