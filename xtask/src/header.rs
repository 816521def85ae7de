//! `include/actra.h`, made from `crates/actra-ffi`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Writes the header, or with `--check` says how it differs from what the crate gives.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let path = root().join("include/actra.h");
    let header = header()?;
    match words {
        [] => std::fs::write(&path, header)
            .map_err(|error| format!("`{}` cannot be written: {error}", path.display())),
        ["--check"] => {
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            differ(&there, &header).map_or(Ok(()), |difference| {
                Err(format!(
                    "include/actra.h is not what crates/actra-ffi gives: run \
                     `cargo run -p xtask -- header`\n\n{difference}"
                ))
            })
        }
        [other, ..] => Err(format!("`{other}` is no option of `header`")),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the crate gives.
fn header() -> Result<String, String> {
    let folder = root().join("crates/actra-ffi");
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml"))?;
    let bindings = cbindgen::Builder::new()
        .with_crate(&folder)
        .with_config(config)
        .generate()
        .map_err(|error| format!("no header comes from crates/actra-ffi: {error}"))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// Lines that only one of two texts has, with their numbers: from the first difference to the last,
/// what both have in between left out. `None` where the texts are the same.
fn differ(there: &str, given: &str) -> Option<String> {
    if there == given {
        return None;
    }
    let there: Vec<&str> = there.lines().collect();
    let given: Vec<&str> = given.lines().collect();
    let mut text = "--- include/actra.h\n+++ crates/actra-ffi\n".to_owned();
    let (mut old, mut new) = (0, 0);
    for (same_old, same_new) in common(&there, &given) {
        tell(&mut text, '-', &there, old, same_old);
        tell(&mut text, '+', &given, new, same_new);
        (old, new) = (same_old + 1, same_new + 1);
    }
    tell(&mut text, '-', &there, old, there.len());
    tell(&mut text, '+', &given, new, given.len());
    Some(text)
}

fn tell(text: &mut String, sign: char, lines: &[&str], from: usize, to: usize) {
    for (index, line) in lines.iter().enumerate().take(to).skip(from) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{sign}{:>4} {line}", index + 1);
    }
}

/// Indexes of a longest run of lines that both have in the same order.
fn common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    // `longest[i][j]`: how many lines `old[i..]` and `new[j..]` have in common. A header is some
    // thousand lines long, so this is small enough.
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    let at = |longest: &[u32], i: usize, j: usize| longest.get(i * width + j).copied().unwrap_or(0);
    for (i, old_line) in old.iter().enumerate().rev() {
        for (j, new_line) in new.iter().enumerate().rev() {
            let count = if old_line == new_line {
                at(&longest, i + 1, j + 1) + 1
            } else {
                at(&longest, i + 1, j).max(at(&longest, i, j + 1))
            };
            if let Some(place) = longest.get_mut(i * width + j) {
                *place = count;
            }
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while let (Some(old_line), Some(new_line)) = (old.get(i), new.get(j)) {
        if old_line == new_line {
            found.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&longest, i + 1, j) >= at(&longest, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_the_crate_gives() {
        assert_eq!(run(&["--check"]), Ok(()));
    }

    #[test]
    fn a_changed_a_removed_and_an_added_line_are_shown_with_their_places() {
        let difference = differ("a\nb\nc\nd\n", "a\nB\nd\ne\n").unwrap();
        let lines: Vec<&str> = difference.lines().skip(2).collect();
        assert_eq!(lines, ["-   2 b", "-   3 c", "+   2 B", "+   4 e"]);
        assert_eq!(differ("a\n", "a\n"), None);
    }
}
