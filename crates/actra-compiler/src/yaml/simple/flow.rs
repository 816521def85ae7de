//! Collections in brackets.

use super::super::events::Style;
use super::{Reader, What, Where};

impl Reader<'_> {
    /// A flow collection that begins here. `parent` is the column of the block collection that it
    /// is in: its lines are indented further.
    pub(super) fn flow(&mut self, parent: Option<usize>) -> Option<()> {
        let is_mapping = self.peek(0) == b'{';
        let (what, closing) = if is_mapping {
            (What::Mapping { len: 0 }, b'}')
        } else {
            (What::Sequence { len: 0 }, b']')
        };
        let mut open = self.open(self.at, what)?;
        self.at += 1;
        self.skip_lines(parent)?;
        if self.peek(0) != closing {
            loop {
                if is_mapping {
                    self.flow_key()?;
                    self.skip_lines(parent)?;
                }
                self.flow_node(parent)?;
                open.children += 1;
                self.skip_lines(parent)?;
                if self.peek(0) != b',' {
                    break;
                }
                self.at += 1;
                self.skip_lines(parent)?;
            }
        }
        (self.peek(0) == closing).then_some(())?;
        self.at += 1;
        self.close(&open, self.at as u32);
        Some(())
    }

    /// A key and its colon.
    fn flow_key(&mut self) -> Option<()> {
        let key = self.scalar(Where::Flow)?;
        // As in JSON, nothing need stand between the colon behind quotes and the value.
        let is_value = self.is_colon() || (self.peek(0) == b':' && key.style == Style::Quoted);
        is_value.then_some(())?;
        (key.end - key.start <= super::MAX_KEY_BYTES).then_some(())?;
        self.push_scalar(key);
        self.at += 1;
        Some(())
    }

    fn flow_node(&mut self, parent: Option<usize>) -> Option<()> {
        if matches!(self.peek(0), b'[' | b'{') {
            return self.flow(parent);
        }
        let scalar = self.scalar(Where::Flow)?;
        self.push_scalar(scalar);
        Some(())
    }

    /// Skips white space, line breaks and comments.
    fn skip_lines(&mut self, parent: Option<usize>) -> Option<()> {
        self.skip_spaces();
        self.skip_comment()?;
        if self.peek(0) != b'\n' {
            return Some(());
        }
        self.find_line()?;
        let column = self.next?;
        // Closing brackets, too, are indented.
        parent.is_none_or(|parent| column > parent).then_some(())
    }
}
