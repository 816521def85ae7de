//! Characters that may not stand in a document as they are: those that YAML forbids, and those
//! that one reader takes for a line break (or nothing at all) and another for text.

/// The forbidden characters of a text and where they begin.
pub(crate) fn forbidden(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    // Nearly every byte of nearly every document is innocent by itself; only the rest is decoded.
    text.bytes().enumerate().filter(|(_, byte)| is_suspect(*byte)).filter_map(|(at, _)| {
        let char = text.get(at..)?.chars().next()?;
        is_forbidden(char).then_some((at, char))
    })
}

/// Whether a forbidden character may begin with this byte.
const fn is_suspect(byte: u8) -> bool {
    matches!(byte, 0..0x20 | 0x7f | 0xc2 | 0xe2 | 0xef) && !matches!(byte, b'\t' | b'\n' | b'\r')
}

fn is_forbidden(char: char) -> bool {
    match char {
        '\t' | '\n' | '\r' => false,
        // YAML 1.1 has these for line breaks, YAML 1.2 for text: a comment may end at one or not.
        '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        // The byte order mark is invisible, and no part of a document past its first character.
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => char.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_that_yaml_or_its_readers_disagree_about_are_forbidden() {
        let fine = "a: b\t# ü — 漢字 \u{1f600}\r\n\u{a0}\u{ad}\u{2027}\u{202a}\u{fffd}\u{e000}";
        assert_eq!(forbidden(fine).count(), 0);
        for char in [
            '\0', '\u{1}', '\u{1b}', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}', '\u{2028}', '\u{feff}',
        ] {
            let text = format!("ü{char}x");
            assert_eq!(forbidden(&text).collect::<Vec<_>>(), [(2, char)]);
        }
    }
}
