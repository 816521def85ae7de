//! Texts with parts that repeat and places to be filled.

use std::collections::BTreeMap;

/// A text, in pieces, so that one of many megabytes is a line in a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Itself.
    Plain(String),
    /// A text many times over.
    Repeat {
        /// What is repeated.
        text: String,
        /// How often it stands.
        times: usize,
    },
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { pieces: vec![Piece::Plain(text.to_owned())] }
    }
}

impl Text {
    /// The whole text.
    pub fn expand(&self) -> String {
        let mut whole = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => whole.push_str(text),
                Piece::Repeat { text, times } => whole.push_str(&text.repeat(*times)),
            }
        }
        whole
    }

    /// The text with every `<<name>>` in its plain pieces replaced. The names that were used are
    /// added to `used`.
    ///
    /// # Errors
    /// A place that nothing fills.
    pub fn fill(
        &self,
        fillings: &BTreeMap<String, Self>,
        used: &mut Vec<String>,
    ) -> Result<Self, String> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            let Piece::Plain(text) = piece else {
                out.push(piece.clone());
                continue;
            };
            let mut rest = text.as_str();
            while let Some((before, name, after)) = place(rest) {
                let filling = fillings
                    .get(name)
                    .ok_or_else(|| format!("nothing fills the place `<<{name}>>`"))?;
                used.push(name.to_owned());
                out.push(Piece::Plain(before.to_owned()));
                out.extend(filling.pieces.iter().cloned());
                rest = after;
            }
            out.push(Piece::Plain(rest.to_owned()));
        }
        Ok(Self { pieces: joined(out) })
    }
}

/// Neighbours that are plain, as one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Plain(text)), Piece::Plain(more)) => text.push_str(&more),
            (_, piece) => out.push(piece),
        }
    }
    out
}

/// The first `<<name>>`, with what stands before and after it.
fn place(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("<<")?;
        let inner = text.get(start + 2..)?;
        let end = inner.find(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        match end {
            Some(end) if end > 0 && inner.get(end..)?.starts_with(">>") => {
                return Some((text.get(..start)?, inner.get(..end)?, inner.get(end + 2..)?));
            }
            _ => from = start + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_repetitions_stay_short() {
        let many = Text { pieces: vec![Piece::Repeat { text: "ab".into(), times: 3 }] };
        let fillings = BTreeMap::from([("x".to_owned(), many), ("y".to_owned(), "Y".into())]);
        let mut used = Vec::new();
        let filled = Text::from("<<y>> << <<: <<x>>!").fill(&fillings, &mut used).unwrap();
        assert_eq!(filled.pieces.len(), 3);
        assert_eq!(filled.expand(), "Y << <<: ababab!");
        assert_eq!(used, ["y", "x"]);
        let unfilled = Text::from("<<z>>").fill(&fillings, &mut used);
        assert_eq!(unfilled.unwrap_err(), "nothing fills the place `<<z>>`");
    }
}
