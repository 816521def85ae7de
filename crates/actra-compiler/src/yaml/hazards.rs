//! What takes `serde_yaml` more than linear time. Its parser keeps a list of the flow collections
//! that are open and walks it for every token, long before its own limit on nesting is looked at;
//! so before it sees a document, somebody must know that few are open at any point of it.

/// What a document may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hazards {
    /// At no point are more flow collections open than this (there may well be fewer).
    pub(super) flow_depth: u32,
    /// Lines that begin with `%`: directives, of which each is compared with all before it.
    pub(super) directives: usize,
}

/// Surveys a document. The bound holds for whatever the document is, YAML or not, short of a
/// syntax error near by: where it is not plain what a character means, all readings of it are
/// followed at once.
pub(super) fn survey(text: &str) -> Hazards {
    let mut readings = Readings { text: Some(0), ..Readings::default() };
    let mut directives = 0;
    let bytes = text.as_bytes();
    let mut before = b'\n';
    for (at, byte) in bytes.iter().copied().enumerate() {
        // Nearly all bytes of nearly all documents change nothing.
        if is_sign(byte) || readings.double_escape.is_some() {
            let doubled = byte == b'\'' && bytes.get(at + 1) == Some(&b'\'');
            readings.byte(before, byte, doubled);
            directives += usize::from(byte == b'%' && is_break(before));
        }
        before = byte;
    }
    Hazards { flow_depth: readings.most, directives }
}

/// What the text up to here may be, and how many flow collections are open at most if it is that.
/// `None`: it cannot be.
#[derive(Debug, Default)]
struct Readings {
    /// Between tokens, in a plain or a block scalar.
    text: Option<u32>,
    /// In a comment.
    comment: Option<u32>,
    /// In a tag, which may hold brackets. Those that would close something are not counted.
    tag: Option<u32>,
    /// In single quotes.
    single: Option<u32>,
    /// In single quotes, at the second of two doubled ones.
    single_second: Option<u32>,
    /// In double quotes.
    double: Option<u32>,
    /// In double quotes, behind a backslash.
    double_escape: Option<u32>,
    /// The most that was open in any reading.
    most: u32,
}

impl Readings {
    fn byte(&mut self, before: u8, byte: u8, doubled: bool) {
        let escaped = self.double_escape.take();
        match byte {
            b'[' | b'{' => {
                for open in [&mut self.text, &mut self.tag].into_iter().flatten() {
                    *open += 1;
                    self.most = self.most.max(*open);
                }
            }
            b']' | b'}' => {
                if let Some(open) = &mut self.text {
                    *open = open.saturating_sub(1);
                }
            }
            b'\n' | b'\r' => {
                self.text = self.text.max(self.comment.take()).max(self.tag.take());
            }
            b' ' | b'\t' => self.text = self.text.max(self.tag.take()),
            b'#' if is_blank(before) => self.comment = self.comment.max(self.text.take()),
            // Where a token can end, a comment needs no space before it; or this is plain text.
            b'#' if ends_token(before) => self.comment = self.comment.max(self.text),
            b'!' if may_begin(before) => self.tag = self.tag.max(self.text.take()),
            b'\'' => {
                let began = self.text.filter(|_| may_begin(before));
                let inside = self.single_second.take();
                if doubled {
                    self.single_second = self.single.take();
                } else {
                    self.text = self.text.max(self.single.take());
                }
                self.single = inside.max(began);
            }
            b'"' => {
                let began = self.text.filter(|_| may_begin(before));
                self.text = self.text.max(self.double.take());
                self.double = began;
            }
            b'\\' => self.double_escape = self.double.take(),
            _ => {}
        }
        self.double = self.double.max(escaped);
    }
}

/// Whether a byte may mean anything here.
const fn is_sign(byte: u8) -> bool {
    matches!(
        byte,
        b'[' | b'{'
            | b']'
            | b'}'
            | b'\n'
            | b'\r'
            | b' '
            | b'\t'
            | b'#'
            | b'!'
            | b'\''
            | b'"'
            | b'\\'
            | b'%'
    )
}

const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t') || is_break(byte)
}

/// Whether a quoted scalar or a tag may begin behind this byte.
const fn may_begin(before: u8) -> bool {
    is_blank(before) || matches!(before, b'[' | b'{' | b',' | b':' | b'?')
}

/// Whether a token other than a plain scalar may end with this byte.
const fn ends_token(before: u8) -> bool {
    may_begin(before) || matches!(before, b']' | b'}' | b'\'' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(text: &str) -> u32 {
        survey(text).flow_depth
    }

    #[test]
    fn brackets_that_are_open_are_counted() {
        assert_eq!(depth("a: b"), 0);
        assert_eq!(depth("a: [b, {c: d}]\ne: [f]\n"), 2);
        assert_eq!(depth(&"[".repeat(500)), 500);
        assert_eq!(depth(&"{a: ".repeat(500)), 500);
        assert_eq!(depth(&"[a:#".repeat(500)), 500);
    }

    #[test]
    fn brackets_that_close_nothing_are_not_counted() {
        for hidden in [
            "']', ",
            "\"]\", ",
            "\"\\\"]\", ",
            "'''] ', ",
            "'it''s ]', ",
            "# ]\n",
            "'x'# ]\n, ",
            "!]]] a, ",
            "b 'c, '] ', ",
            "b 'c # d' ]\n, ",
            "b \"c # d\" ]\n, ",
            "'\n]]]]\n', ",
            "{\"x\":'}'}, ",
        ] {
            let text = format!("[{hidden}").repeat(100);
            assert!(depth(&text) >= 100, "{hidden}: {}", depth(&text));
        }
    }

    #[test]
    fn usual_documents_are_not_suspected() {
        let rule = "
  - id: it's_fine
    description: Don't move 'much' money, say \"yes\" (rock 'n' roll) # isn't it?
    scope: {action: [refund, 'payout'], actor: \"ai_agent\"}
    when: {all: [\"actor.role != 'x'\", '''quoted''', \"\", '', \"\\\"\"]}
    pattern: ^[a-z]+$
    required_actions: [{type: human_approval, role: finance_manager}]
";
        assert!(depth(&rule.repeat(1000)) < 16, "{}", depth(&rule.repeat(1000)));
    }

    #[test]
    fn directives_are_counted() {
        assert_eq!(survey("%YAML 1.2\n%TAG !a! b\n---\na: 5%\n").directives, 2);
    }
}
